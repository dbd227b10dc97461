"""What may be said of a stored run: figures, with their interval and where they come from."""
