"""What is worked out when an account is connected: what its credentials open, and what refuses them."""
