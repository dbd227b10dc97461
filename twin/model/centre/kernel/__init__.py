"""The compiled engine: the same world in, the same journal out, to the last bit."""

from twin.model.centre.kernel.run import simulate

__all__ = ["simulate"]
