"""What follows from what a provider sent: one module per provider that has its own way, each with `handle`."""
