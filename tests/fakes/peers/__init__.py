"""Which stand-in answers which operation of each vendor."""
