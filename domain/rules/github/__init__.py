"""Rules about GitHub."""
