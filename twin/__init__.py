"""Digital twin of a shared video-protection supervision centre."""

__version__ = "0.1.0"
