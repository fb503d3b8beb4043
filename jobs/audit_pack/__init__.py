"""Packs for auditors: a period gathered, printed, written as tables, and zipped with its evidence."""
