"""What an EC2 instance tells about itself that DescribeInstances only says in prose. No rules here."""

import re
from datetime import UTC, datetime

from domain.facts.resource import Resource

# "User initiated (2026-04-01 08:00:00 GMT)"; the zone is always UTC, whatever it is called.
STOPPED_AT = re.compile(r"\((\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}) (?:GMT|UTC)\)")


def state(instance: Resource) -> str:
    """running, stopped, ... ; empty when unknown."""
    return str((instance.config.get("State") or {}).get("Name", ""))


def stopped_since(instance: Resource) -> datetime | None:
    """When a stopped instance was stopped, by its StateTransitionReason; None while it runs or without a time."""
    found = STOPPED_AT.search(instance.config.get("StateTransitionReason") or "")
    if state(instance) != "stopped" or found is None:
        return None
    try:
        return datetime.strptime(found.group(1), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:  # digits that are no date
        return None


def volume_ids(instance: Resource) -> list[str]:
    """The EBS volumes attached to the instance, in device order."""
    mappings = instance.config.get("BlockDeviceMappings") or []
    return [mapping["Ebs"]["VolumeId"] for mapping in mappings if mapping.get("Ebs")]
