"""The interface: pages that print figures and hold no rule of the domain."""
