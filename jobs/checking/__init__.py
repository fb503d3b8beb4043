"""Judging controls: what was read of each account is gathered, judged, and stored with what follows from it."""
