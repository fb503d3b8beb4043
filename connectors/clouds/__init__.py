"""Cloud providers, one folder each. Providers do not know each other."""
