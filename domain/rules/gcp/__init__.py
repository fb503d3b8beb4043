"""Rules about Google Cloud, a module for each service."""
