"""Rules about DigitalOcean."""
