"""DigitalOcean: its API v2, and Spaces by the interface of S3."""
