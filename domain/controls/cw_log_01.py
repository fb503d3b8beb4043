"""Every control plane writes an audit trail."""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.answers import Answers
from domain.compliance.completeness import of_all_but_one
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age
from domain.compliance.lag import of_lag
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

# Longer than that a trail that cannot deliver is none.
STUCK = timedelta(hours=24)
READ, WRITE = "ReadOnly", "WriteOnly"
TRAIL = "a trail over all regions that records reads and writes and delivers"
# Where Azure tells what was done in a subscription. Source: "Azure activity log event schema", categories.
CATEGORIES = ("Administrative", "Security", "Policy", "Alert")
DATA_ACCESS = ("DATA_READ", "DATA_WRITE")
# The buckets every project has and keeps its logs in by itself. Source: Cloud Logging, "Routing overview".
BUILT_IN = ("/buckets/_Default", "/buckets/_Required")
AUDIT_LOGS, DATA_ACCESS_LOG = "cloudaudit.googleapis.com", "data_access"


def _recorded(selectors: Mapping[str, Any]) -> set[str]:
    """Which management events a trail records. Source: CloudTrail GetEventSelectors: without the field, they are."""
    kinds: set[str] = set()
    for one in selectors.get("EventSelectors") or []:
        if one.get("IncludeManagementEvents", True):
            kinds |= {READ, WRITE} if one["ReadWriteType"] == "All" else {one["ReadWriteType"]}
    for advanced in selectors.get("AdvancedEventSelectors") or []:
        fields = {field["Field"]: field for field in advanced["FieldSelectors"]}
        if fields["eventCategory"].get("Equals") != ["Management"]:
            continue
        # Without the field both are recorded.
        said = fields.get("readOnly", {"Equals": ["true", "false"]}).get("Equals") or []
        kinds |= {READ for value in said if value == "true"} | {WRITE for value in said if value == "false"}
    return kinds


def _of_trail(trail: Mapping[str, Any], case: Case) -> Item | None:
    """What the trail makes of the account; None when it is not such a trail."""
    arn = trail["TrailARN"]
    status = case.answers.answer("cloudtrail.get_trail_status", Name=arn)
    selectors = case.answers.answer("cloudtrail.get_event_selectors", TrailName=arn)
    whole = trail["IsMultiRegionTrail"] and trail["IncludeGlobalServiceEvents"] and status["IsLogging"]
    if not whole or _recorded(selectors) != {READ, WRITE}:
        return None
    error = status.get("LatestDeliveryError")
    if not error:
        return passed(case.answers.account, f"{trail['Name']} records all regions")
    delivered = status.get("LatestDeliveryTime")
    if delivered and age(delivered, case.now) <= STUCK:
        return warned(case.answers.account, f"{trail['Name']} last failed to deliver: {error}", TRAIL)
    return None


def _aws(case: Case) -> Iterator[Item]:
    """One trail is enough. Which error was met when is not told: one that lasts a day is taken for a trail without
    deliveries.
    """
    trails = {trail["TrailARN"]: trail for trail in case.answers.items("cloudtrail.describe_trails", "trailList")}
    found = [item for trail in trails.values() if (item := _of_trail(trail, case)) is not None]
    # A pass expects nothing.
    found.sort(key=lambda item: item.expected)
    yield found[0] if found else failed(case.answers.account, f"none of {len(trails)} trails does", TRAIL)


def _exported(settings: Collection[Mapping[str, Any]]) -> set[str]:
    """The categories that are sent somewhere."""
    sent: set[str] = set()
    for setting in settings:
        own = setting["properties"]
        if not any(own.get(key) for key in ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId")):
            continue
        enabled = [log for log in own.get("logs") or [] if log["enabled"]]
        sent |= {log["category"] for log in enabled if log.get("category")}
        sent |= {name for log in enabled if log.get("categoryGroup") == "allLogs" for name in CATEGORIES}
    return sent


def _azure(case: Case) -> Iterator[Item]:
    """Settings of the subscription itself; those of single resources are asked by the same call."""
    own = f"/subscriptions/{case.answers.account}".lower()
    calls = case.answers.calls("GET Microsoft.Insights/diagnosticSettings")
    asked = [one for one in calls if str(one.arguments["id"]).lower().rstrip("/") == own]
    settings = [setting for one in asked for page in one.pages for setting in page["value"]]
    yield of_all_but_one(case.answers.account, CATEGORIES, _exported(settings))


def _takes(sink: Mapping[str, Any], log: str) -> bool:
    """Whether a sink takes an audit log out of the project.

    A filter that turns something round, or leaves audit logs out, cannot be told: it counts as one that takes none.
    """
    if sink.get("disabled") or str(sink["destination"]).endswith(BUILT_IN):
        return False
    left_out = [one["filter"] for one in sink.get("exclusions") or [] if not one.get("disabled")]
    wanted = sink.get("filter") or ""
    if any(AUDIT_LOGS in text for text in left_out) or "NOT " in wanted or "!=" in wanted:
        return False
    names = ("activity", "system_event", "policy", DATA_ACCESS_LOG)
    named = [name for name in names if any(f"{AUDIT_LOGS}{slash}{name}" in wanted for slash in ("/", "%2F", "%2f"))]
    return not wanted or (AUDIT_LOGS in wanted and (not named or log in named))


def _gcp(case: Case) -> Iterator[Item]:
    """Sinks into the buckets that every project has do not count: they export nothing."""
    project, wanted = case.answers.account, "data access logged for all services and exported by a sink"
    sinks = list(case.answers.items("logging.v2:projects.sinks.list", "sinks"))
    configs = case.answers.items("cloudresourcemanager.v3:projects.getIamPolicy", "auditConfigs")
    everywhere = [one for one in configs if one["service"] == "allServices"]
    logged = {log["logType"] for config in everywhere for log in config["auditLogConfigs"]}
    if not any(_takes(sink, log) for sink in sinks for log in ("activity", DATA_ACCESS_LOG)):
        yield failed(project, "no sink exports audit logs", wanted)
    elif not logged.issuperset(DATA_ACCESS) or not any(_takes(sink, DATA_ACCESS_LOG) for sink in sinks):
        yield warned(project, "only administration is logged and exported", wanted)
    else:
        yield passed(project, wanted)


def _github(case: Case) -> Iterator[Item]:
    operation = "GET /orgs/{org}/audit-log"
    if case.answers.is_off(operation):
        yield warned(case.answers.account, "the plan has no audit log to read", "an audit log that can be read")
        return
    yield _of_read(case, operation, "")


def _of_read(case: Case, operation: str, path: str) -> Item:
    """When the log was read, whose entries stand under `path`; those of a log are objects."""
    for entry in case.answers.items(operation, path):
        entry.keys()
    at = case.answers.was_read_at(operation)
    return of_lag(case.answers.account, at, case.now, case.parameters["pull_minutes"])


def _streams(answers: Answers) -> list[str]:
    operation = "GET /api/v1/logStreams"
    listed = [] if answers.is_off(operation) else answers.items(operation)
    return [one["name"] for one in listed if one["status"] == "ACTIVE"]


def _okta(case: Case) -> Iterator[Item]:
    streams = _streams(case.answers)
    if streams:
        yield passed(case.answers.account, f"streamed to {', '.join(streams)}")
        return
    yield _of_read(case, "GET /api/v1/logs", "")


def _digitalocean(case: Case) -> Iterator[Item]:
    """Each read goes back to the one before, so that the only gap there can be is the one since the last read."""
    yield _of_read(case, "GET /v2/actions", "actions")


CONTROL = Control(
    id="CW-LOG-01",
    name="Every control plane writes an audit trail",
    category="logging",
    severity=Severity.CRITICAL,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC7.2", "CC2.1"),
    objective="Who did what, in each cloud and each SaaS, is recorded all the time and everywhere.",
    owner_role="security",
    parameters={"pull_minutes": 30},
    remediations=(
        "aws.cloudtrail.start_logging",
        "aws.cloudtrail.create_trail",
        "azure.monitor.add_diagnostic_setting",
    ),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=(
                "cloudtrail.describe_trails",
                "cloudtrail.get_trail_status",
                "cloudtrail.get_event_selectors",
            ),
            passes=(
                "A trail over all regions is logging, records read and write management events, and delivers "
                "without an error."
            ),
            warns="That trail last failed to deliver, and has delivered within 24 hours.",
            fails="There is no such trail, or it has not delivered for 24 hours.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="subscription",
            operations=("GET Microsoft.Insights/diagnosticSettings",),
            passes="Diagnostic settings of the subscription export Administrative, Security, Policy and Alert.",
            warns="One of the four categories is not exported.",
            fails="Two or more of the four categories are not exported.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="project",
            operations=("cloudresourcemanager.v3:projects.getIamPolicy", "logging.v2:projects.sinks.list"),
            passes="Data reads and writes of all services are logged, and an enabled sink exports them.",
            warns="Only what administrators do is logged or exported.",
            fails="No enabled sink exports audit logs.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.GITHUB,
            scope="organization",
            operations=("GET /orgs/{org}/audit-log",),
            passes="The audit log can be read and was, within pull_minutes.",
            warns=(
                "The plan has no audit log to read and events come by webhook, or the last read is up to four"
                " times as old."
            ),
            fails="The last read is older than four times pull_minutes.",
            judge=_github,
        ),
        Procedure(
            integration=Integration.OKTA,
            scope="organization",
            operations=("GET /api/v1/logs", "GET /api/v1/logStreams"),
            passes="The log was read within pull_minutes, or a log stream is active.",
            warns="The last read is up to four times as old.",
            fails="The last read is older than that.",
            judge=_okta,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="team",
            operations=("GET /v2/actions", "GET /v2/databases/{database_cluster_uuid}/logsink"),
            passes="Actions were read within pull_minutes.",
            warns="The last read is up to four times as old.",
            fails="The last read is older than that.",
            judge=_digitalocean,
        ),
    ),
)
