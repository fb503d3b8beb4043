"""What CloudWatcher knows: facts, rules, cost arithmetic. Pure: no I/O, no clock, no framework."""
