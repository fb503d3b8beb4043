"""Rules about Okta."""
