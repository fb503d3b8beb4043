"""One module per way in which events come."""
