"""A snapshot of a disk or database that was handed to others."""

from typing import Any

from domain.detection.cloudtrail import as_object, asked, is_call, listed
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import OWN, STRANGER, call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity

_DISK = "ModifySnapshotAttribute"
_DATABASES = ("ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute")
_NAMES = ("snapshotId", "dBSnapshotIdentifier", "dBClusterSnapshotIdentifier")


def is_snapshot_shared(event: ProviderEvent, context: DetectorContext) -> Sighting | None:
    """Fires when a snapshot is shared with all, or with an account that is not one of the organization."""
    if not is_call(event, _DISK, *_DATABASES):
        return None
    request = asked(event)
    named = _of_disk(request) if event.name == _DISK else [str(one) for one in listed(request.get("valuesToAdd"))]
    strange = sorted(set(named) - context.accounts - {event.account_native_id})
    if not strange:
        return None
    snapshot = next((str(request[key]) for key in _NAMES if request.get(key)), "a snapshot")
    whom = "everybody" if "all" in strange else f"account {', '.join(strange)}"
    return Sighting(message=f"{event.principal} has shared {snapshot} with {whom}.", resource=snapshot)


def _of_disk(request: dict[str, Any]) -> list[str]:
    added = [as_object(one) for one in listed(as_object(request.get("createVolumePermission")).get("add"))]
    return [str(one.get("group") or one.get("userId")) for one in added]


def _shared(**with_whom: str) -> dict[str, Any]:
    return {"snapshotId": "snap-1", "createVolumePermission": {"add": {"items": [with_whom]}}}


DETECTOR = Detector(
    id="snapshot-public",
    title="A snapshot was shared outside your accounts",
    severity=Severity.HIGH,
    source="AWS Security Hub EC2.1, RDS.1; MITRE ATT&CK T1537; Stratus Red Team "
    "aws.exfiltration.ec2-share-ebs-snapshot",
    blind_spots="Accounts of yours that are not connected look like strangers. Whether the snapshot is encrypted, "
    "and can "
    "be read at all, is not looked at.",
    check=is_snapshot_shared,
    examples=(
        fires(call(_DISK, "ec2", request=_shared(group="all"))),
        fires(call(_DISK, "ec2", request=_shared(userId=STRANGER))),
        fires(call(_DATABASES[0], "rds", request={"dBSnapshotIdentifier": "db", "valuesToAdd": ["all"]})),
        quiet(call(_DISK, "ec2", request=_shared(userId=OWN))),
        quiet(call(_DISK, "ec2", request={"snapshotId": "snap-1", "createVolumePermission": {"remove": {}}})),
        quiet(call(_DISK, "ec2", request=_shared(group="all"), error="AccessDenied")),
    ),
)
