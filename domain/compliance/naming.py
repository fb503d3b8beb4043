"""What names the alert of a control."""

_KIND = "check"


def fingerprint_of(control_id: str, integration: str, account_id: object) -> str:
    """The cause of the alert of one control in one account; `account_id` None is our own records."""
    return f"{_KIND}:{control_id}:{integration}:{account_id or 'own'}"


def control_of(fingerprint: str) -> str | None:
    """The control an alert is about; None for alerts about anything else."""
    kind, _, rest = fingerprint.partition(":")
    control_id, _, where = rest.partition(":")
    return control_id if kind == _KIND and where else None
