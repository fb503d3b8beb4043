"""Slack as evidence of work: who is in the workspace, channels, and what apps were added."""
