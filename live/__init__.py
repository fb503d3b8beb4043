"""What just happened: topic names, wake-ups between processes, and readers that feed subscribers from the event log."""
