"""Frameworks as data, a file each: their requirements, and the controls that answer them."""
