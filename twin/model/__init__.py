"""The model: from data to the centre and its indicators, without network and without interface."""
