"""What is worked out when an account is connected: what its credentials open, and how to set it up."""
