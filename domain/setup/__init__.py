"""How an account is prepared, by vendor: steps in words, and texts to copy, made from what the reads need."""
