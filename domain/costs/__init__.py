"""Cost arithmetic: reading FOCUS rows, rolling them up, lining them up in series. No I/O."""
