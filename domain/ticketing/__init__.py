"""Tickets in the issue trackers of others: which alerts become one, what it says, and who decides what about it."""
