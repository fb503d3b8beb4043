"""Summaries of how things stand: when they are due, and what they say."""
