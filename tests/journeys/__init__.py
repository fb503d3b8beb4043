"""End to end: what a user does, over real sockets and real servers."""
