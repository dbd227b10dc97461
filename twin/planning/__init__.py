"""Searches that drive experiments."""
