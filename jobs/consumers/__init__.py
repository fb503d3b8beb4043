"""What follows from events of the log: one module per consumer, each with a CONSUMER, found by scanning."""
