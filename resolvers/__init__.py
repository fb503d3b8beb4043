"""Verbs of a request: queries, mutations and subscriptions, one file per noun."""
