"""The reference engine, on SimPy: the sentences of the centre, written to be read.

SimPy keeps the clock and runs the outside world (arrivals, windows, shifts, cameras). Its processes
never touch the room: they post what happens to a mailbox, which plays each instant in rounds.
"""

from twin.model.centre.reference.room import simulate

__all__ = ["simulate"]
