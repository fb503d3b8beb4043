"""Reads what providers sent: stored messages in, events out. Pure; one module per provider."""
