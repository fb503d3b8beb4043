"""Frozen values that the other folders pass to each other."""
