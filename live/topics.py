"""The channel that wakes an organization's readers. Topics of events are in `domain/facts/topic.py`."""


def wake_channel(org_id: str) -> str:
    """The one Redis channel that says "this organization's log has grown", whatever the topic."""
    return f"wake/{org_id}"
