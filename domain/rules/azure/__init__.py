"""Rules for Azure, one module per service."""
