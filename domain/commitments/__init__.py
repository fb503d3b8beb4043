"""What could be committed to: which charges commitments cover, at which rates, and what providers recommend."""
