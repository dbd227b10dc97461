"""The RTSP harness: what a real MediaMTX carries, where it breaks; shares only contracts."""
