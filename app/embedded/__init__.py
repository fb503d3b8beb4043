"""The servers that run as our own children when no address is set: a real MongoDB and a real Valkey, on loopback."""
