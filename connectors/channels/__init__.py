"""How people and systems outside hear from us: one file per kind of channel."""
