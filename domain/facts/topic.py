"""What the events of an organization are about; the topic of each row of its log."""


def alerts(org_id: object) -> str:
    """Alerts raised, acknowledged and resolved in one organization."""
    return f"tenant/{org_id}/alerts"


def findings(org_id: object) -> str:
    """What people decide of findings and rules in one organization; what syncs change of them stands with syncs."""
    return f"tenant/{org_id}/findings"


def syncs(org_id: object) -> str:
    """Progress of account syncs in one organization."""
    return f"tenant/{org_id}/syncs"


def audit_exports(org_id: object) -> str:
    """Progress of exports of one organization's audit log."""
    return f"tenant/{org_id}/audit-exports"


def costs(org_id: object) -> str:
    """Cost periods loaded or replaced in one organization."""
    return f"tenant/{org_id}/costs"


def anomalies(org_id: object) -> str:
    """Anomalies of costs found, changed and closed in one organization."""
    return f"tenant/{org_id}/anomalies"


def controls(org_id: object) -> str:
    """Controls of one organization that come to be judged differently."""
    return f"tenant/{org_id}/controls"


def incidents(org_id: object) -> str:
    """Incidents opened, changed and closed in one organization."""
    return f"tenant/{org_id}/incidents"


def jobs(org_id: object) -> str:
    """Progress of long work of one organization that has no topic of its own."""
    return f"tenant/{org_id}/jobs"


def channels(org_id: object) -> str:
    """Channels of one organization that begin or cease to work."""
    return f"tenant/{org_id}/channels"


def integrations(org_id: object) -> str:
    """Changes in how the integrations of one organization do."""
    return f"tenant/{org_id}/integrations"


def remediations(org_id: object) -> str:
    """Remediations planned, approved, under way and ended in one organization."""
    return f"tenant/{org_id}/remediations"
