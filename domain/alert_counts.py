"""How often a repeat is worth telling of."""

FIRST = 10


def is_power_of_ten(count: int) -> bool:
    """Whether this is the 10th, 100th, 1,000th … time: repeats are told of ever more rarely, and never never."""
    while count > FIRST and count % FIRST == 0:
        count //= FIRST
    return count == FIRST
