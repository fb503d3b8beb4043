"""Identity providers: their descriptions and keys, codes exchanged for tokens, and what these say of a person."""
