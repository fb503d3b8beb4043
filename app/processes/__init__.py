"""Child processes that cannot outlive us: the guard that ends them, and the supervisor that keeps them running."""
