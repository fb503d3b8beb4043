"""A database that can be reached from the internet."""

from domain.detection.cloudtrail import asked, is_call
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity


def is_database_public(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
    """Fires when a database instance is made, or made over, with a public address."""
    request = asked(event)
    if not is_call(event, "CreateDBInstance", "ModifyDBInstance") or request.get("publiclyAccessible") is not True:
        return None
    database = str(request.get("dBInstanceIdentifier") or "a database")
    return Sighting(message=f"{event.principal} has given {database} a public address.", resource=database)


DETECTOR = Detector(
    id="rds-public",
    title="A database was given a public address",
    severity=Severity.HIGH,
    source="AWS Security Hub RDS.2; MITRE ATT&CK T1190",
    blind_spots="Whether its security group lets anybody in. Databases that are public because their subnets are, "
    "without "
    "having been asked to.",
    check=is_database_public,
    examples=(
        fires(call("CreateDBInstance", "rds", request={"dBInstanceIdentifier": "db", "publiclyAccessible": True})),
        quiet(call("ModifyDBInstance", "rds", request={"dBInstanceIdentifier": "db", "publiclyAccessible": False})),
        quiet(call("CreateDBInstance", "rds", request={"publiclyAccessible": True}, error="AccessDenied")),
    ),
)
