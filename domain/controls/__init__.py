"""The controls, a file each, named by its id."""
