"""One file for each kind of place that bills are fetched from."""
