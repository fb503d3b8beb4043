"""What keeps a process from starting, told to the person who started it."""

from domain.errors import CloudWatcherError


class CannotStart(CloudWatcherError):
    """Something the operator can mend; the message says what is wrong and which command or setting mends it."""


class AlreadyRunning(CannotStart):
    """Another process runs the servers of this data directory."""
