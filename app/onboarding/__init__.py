"""Looks into accounts while somebody waits: what credentials open, before they are kept."""
