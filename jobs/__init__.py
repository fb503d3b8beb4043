"""Verbs in the background: names and enqueueing here, one file per job in `tasks`."""
