"""What belongs together across cost, security and compliance, and why. Pure: signals in, incidents out."""
