"""Everything is broken while it is used, and nothing announced is lost: `make chaos`."""
