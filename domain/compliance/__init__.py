"""How controls are judged: what was read, what is said of it, and what frameworks make of that."""
