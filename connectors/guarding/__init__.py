"""What the guard is made of: the shared gate, retries, the samples of health, traces and metrics."""
