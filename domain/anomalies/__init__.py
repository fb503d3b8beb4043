"""What is odd about daily costs: scored for many series at once, explained in numbers. Pure: no I/O, no clock."""
