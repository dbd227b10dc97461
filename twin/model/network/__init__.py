"""The links and the servers between cameras and operators."""
