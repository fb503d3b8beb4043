"""Builders of valid things; a test names only what it cares about."""
