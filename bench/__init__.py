"""Measurements that are run by hand; their figures are printed, never asserted."""
