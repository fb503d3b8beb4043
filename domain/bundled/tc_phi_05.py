"""Reads of health data are logged.

Both reads and writes must be; reads without writes are a warning as writes without reads are.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.health_data import aws_stores, is_phi
from domain.facts.compliance import Integration

TAGS, TRAILS = "resourcegroupstaggingapi.get_resources", "cloudtrail.describe_trails"
STATUS, SELECTORS = "cloudtrail.get_trail_status", "cloudtrail.get_event_selectors"
POLICY, ASSETS = "cloudresourcemanager.v3:projects.getIamPolicy", "cloudasset.v1:v1.searchAllResources"
READ, WRITE = "reads", "writes"
BOTH = frozenset({READ, WRITE})
# Of what CloudTrail has data events of. Source: CloudTrail API reference, DataResource.
TYPES = {"s3": "AWS::S3::Object", "dynamodb": "AWS::DynamoDB::Table"}
# The service whose audit logs tell of a store. BigQuery always logs. Source: Cloud Audit Logs, "Google services".
SERVICES = {
    "storage.googleapis.com/Bucket": "storage.googleapis.com",
    "sqladmin.googleapis.com/Instance": "cloudsql.googleapis.com",
    "spanner.googleapis.com/Instance": "spanner.googleapis.com",
    "firestore.googleapis.com/Database": "firestore.googleapis.com",
}


def _aws(case: Case) -> Iterator[Item]:
    """Buckets and tables that are labelled phi, by the trails that are logging. Other stores have no data events."""
    selectors = list(_selectors(case))
    for arn in aws_stores(case.answers):
        kind = TYPES.get(arn.split(":")[2])
        if kind is not None:
            yield _logged(arn, {word for one in selectors for word in _of_selectors(one, kind, arn)})


def _selectors(case: Case) -> Iterator[Mapping[str, Any]]:
    for arn in sorted({trail["TrailARN"] for trail in case.answers.items(TRAILS, "trailList")}):
        if case.answers.answer(STATUS, Name=arn)["IsLogging"]:
            yield case.answers.answer(SELECTORS, TrailName=arn)


def _of_selectors(selectors: Mapping[str, Any], kind: str, arn: str) -> Iterator[str]:
    for one in selectors.get("EventSelectors") or []:
        resources = one.get("DataResources") or []
        if any(each["Type"] == kind and _names(each.get("Values") or [], arn) for each in resources):
            yield from {"ReadOnly": {READ}, "WriteOnly": {WRITE}}.get(one["ReadWriteType"], BOTH)
    for advanced in selectors.get("AdvancedEventSelectors") or []:
        yield from _of_advanced({field["Field"]: field for field in advanced["FieldSelectors"]}, kind, arn)


def _names(values: Iterable[str], arn: str) -> bool:
    """Whether one of them is the whole store: arn:aws:s3 is every bucket, and one bucket ends with a stroke.

    The objects under a prefix are a part of it only.
    """
    return any(arn == value.removesuffix("/") or arn.split(":")[:3] == value.rstrip(":").split(":") for value in values)


def _of_advanced(fields: Mapping[str, Mapping[str, Any]], kind: str, arn: str) -> frozenset[str]:
    """A selector with another field than these leaves something out, and counts for nothing."""
    of = fields.get("eventCategory", {}).get("Equals"), fields.get("resources.type", {}).get("Equals")
    if of != (["Data"], [kind]) or fields.keys() - {"eventCategory", "resources.type", "resources.ARN", "readOnly"}:
        return frozenset()
    where = fields.get("resources.ARN")
    if where is not None and not _is_whole(where, arn):
        return frozenset()
    said = fields.get("readOnly", {"Equals": ["true", "false"]}).get("Equals") or []
    return frozenset(READ if value == "true" else WRITE for value in said)


def _is_whole(where: Mapping[str, Any], arn: str) -> bool:
    begins = any(f"{arn}/".startswith(value) for value in where.get("StartsWith") or [])
    return begins or arn in (where.get("Equals") or [])


def _logged(name: str, words: Iterable[str]) -> Item:
    found, wanted = sorted(words), "reads and writes logged"
    if set(found) == BOTH:
        return passed(name, wanted)
    return warned(name, f"{found[0]} alone logged", wanted) if found else failed(name, "not logged", wanted)


def _gcp(case: Case) -> Iterator[Item]:
    """What lets members go unlogged counts as off."""
    kinds: dict[str, set[str]] = {}
    for config in case.answers.items(POLICY, "auditConfigs"):
        for log in config["auditLogConfigs"]:
            if not log.get("exemptedMembers"):
                kinds.setdefault(config["service"], set()).add(log["logType"])
    everywhere = kinds.get("allServices", set())
    for one in case.answers.items(ASSETS, "results"):
        service = SERVICES.get(one["assetType"])
        if service is not None and is_phi(one.get("labels")):
            found = everywhere | kinds.get(service, set())
            yield _logged(one["name"], [word for word, log in _LOGS if log in found])


_LOGS = ((READ, "DATA_READ"), (WRITE, "DATA_WRITE"))

PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(SELECTORS, STATUS, TRAILS, TAGS),
        passes="A trail that is logging takes up reads and writes in each bucket and table labelled phi.",
        warns="It takes up only one of the two.",
        fails="It takes up neither.",
        judge=_aws,
    ),
    Procedure(
        integration=Integration.GCP,
        scope="resource",
        operations=(POLICY, ASSETS),
        passes="DATA_READ and DATA_WRITE are logged for the service of each store labelled phi, for every member.",
        warns="Only one of the two is.",
        fails="Neither is.",
        judge=_gcp,
    ),
)
