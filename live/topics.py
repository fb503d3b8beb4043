"""The names of what can be followed, and of the channel that wakes an organization's readers."""


def alerts(org_id: str) -> str:
    """Alerts raised, acknowledged and resolved in one organization."""
    return f"tenant/{org_id}/alerts"


def syncs(org_id: str) -> str:
    """Progress of account syncs in one organization."""
    return f"tenant/{org_id}/syncs"


def costs(org_id: str) -> str:
    """Cost periods loaded or replaced in one organization."""
    return f"tenant/{org_id}/costs"


def wake_channel(org_id: str) -> str:
    """The one Redis channel that says "this organization's log has grown", whatever the topic."""
    return f"wake/{org_id}"
