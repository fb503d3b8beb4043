"""Configuration change is recorded and drift is settled."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.lag import LOST, of_lag
from domain.compliance.used_regions import SIGNS, read_regions, used_regions
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

# The question to Resource Graph that gives the feed of changes.
CHANGES = "resourcechanges"
INVENTORY = "cloudasset.v1:v1.searchAllResources"
ON_TIME, LATE = 2, 4


def _of_recorder(region: str, recorder: Mapping[str, Any], status: Mapping[str, Any] | None) -> Item:
    """`lastStatus` is how the last delivery went. Source: AWS Config, ConfigurationRecorderStatus."""
    wanted = "records everything"
    if status is None or not status["recording"]:
        return failed(region, "not recording", wanted)
    delivered = str(status["lastStatus"]).upper()
    if delivered == "FAILURE":
        return failed(region, "recording, the last delivery failed", wanted)
    if not recorder["recordingGroup"]["allSupported"] or delivered != "SUCCESS":
        return warned(region, f"records a part, or has not delivered ({delivered})", wanted)
    return passed(region, wanted)


def _aws(case: Case) -> Iterator[Item]:
    """The regions in which something is; of several recorders in one the best counts."""
    found: dict[str | None, list[Item]] = {}
    states = {
        (region, one["name"]): one
        for region, one in case.answers.located(
            "config.describe_configuration_recorder_status", "ConfigurationRecordersStatus"
        )
    }
    for region, recorder in case.answers.located("config.describe_configuration_recorders", "ConfigurationRecorders"):
        item = _of_recorder(str(region), recorder, states.get((region, recorder["name"])))
        found.setdefault(region, []).append(item)
    regions = read_regions(case.answers)
    used = used_regions(case.answers) if any(region not in found for region in regions) else frozenset()
    for region in regions:
        if region in found:
            yield min(found[region], key=lambda item: ("PASS", "WARNING", "FAIL").index(item.verdict.value))
        elif region in used:
            yield failed(region, "no recorder, and something runs here", "records everything")


def _azure(case: Case) -> Iterator[Item]:
    """The feed is read with every sync, of the last 7 days each time."""
    asked = case.answers.calls("POST Microsoft.ResourceGraph/resources")
    if any(str(call.arguments["query"]).startswith(CHANGES) for call in asked):
        at = case.answers.was_read_at("POST Microsoft.ResourceGraph/resources")
        yield of_lag(case.answers.account, at, case.now, case.parameters["pull_minutes"])
    else:
        yield failed(case.answers.account, "changes were not read", "changes read all the time")


def _gcp(case: Case) -> Iterator[Item]:
    """Without a feed, what we read ourselves counts as polled while the last read is not too old."""
    project, wanted = case.answers.account, "a feed of changes"
    listed = case.answers.items("cloudasset.v1:feeds.list", "feeds")
    feeds = [one for one in listed if ((one.get("feedOutputConfig") or {}).get("pubsubDestination") or {}).get("topic")]
    if feeds:
        yield passed(project, f"{len(feeds)} feeds")
        return
    case.answers.calls(INVENTORY)
    ago = case.now - case.answers.was_read_at(INVENTORY)
    if ago <= LOST * timedelta(minutes=case.parameters["pull_minutes"]):
        yield warned(project, "no feed; the inventory is polled", wanted)
    else:
        yield failed(project, f"no feed, and last polled {ago.total_seconds() / 60:.0f} minutes ago", wanted)


def _of_sync(row: Mapping[str, Any], case: Case) -> Item:
    cadence, last = timedelta(minutes=row["cadence_minutes"]), row["last_success_at"]
    account, wanted = str(row["account_id"]), f"read within {2 * row['cadence_minutes']} minutes"
    if last is None:
        return failed(account, "never read in whole", wanted)
    ago = case.now - last
    seen = f"read {ago.total_seconds() / 60:.0f} minutes ago"
    if ago <= ON_TIME * cadence:
        return passed(account, seen)
    return (warned if ago <= LATE * cadence else failed)(account, seen, wanted)


def _platform(case: Case) -> Iterator[Item]:
    days = case.parameters["drift_days"]
    for row in case.answers.items("platform:drift_events"):
        seen = f"differs since {row['open_over_days']:.0f} days"
        if row["open_over_days"] > days:
            yield failed(row["resource"], seen, f"settled within {days} days")
        else:
            yield passed(row["resource"], seen)
    for row in case.answers.items("platform:sync_runs"):
        yield _of_sync(row, case)


CONTROL = Control(
    id="CW-LOG-06",
    name="Configuration change is recorded and drift is settled",
    category="logging",
    severity=Severity.MEDIUM,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC7.1", "CC8.1", "CC3.4"),
    objective="The inventory is continuous and unexplained drift has a deadline.",
    owner_role="security",
    parameters={"drift_days": 7, "pull_minutes": 30},
    remediations=("aws.config.start_recorder",),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=(
                "config.describe_configuration_recorders",
                "config.describe_configuration_recorder_status",
                *SIGNS,
                "ec2.describe_regions",
            ),
            passes="AWS Config records everything in each used region, and its last delivery went well.",
            warns="It records only a part of the types, or has not delivered yet.",
            fails="It does not record in a used region, or its last delivery failed.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="subscription",
            operations=("POST Microsoft.ResourceGraph/resources", "GET Microsoft.PolicyInsights/policyStates"),
            passes="The feed of changes was read within pull_minutes.",
            warns="The last read is up to four times as old.",
            fails="The last read is older, or there was none.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="project",
            operations=("cloudasset.v1:feeds.list", "cloudasset.v1:v1.searchAllResources"),
            passes="The project has a feed of changes.",
            warns="There is no feed; the inventory is polled instead.",
            fails="There is neither.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=("platform:drift_events", "platform:sync_runs"),
            passes=(
                "No drift is open for longer than drift_days, and every account was read within twice its cadence."
            ),
            warns="An account was read within four times its cadence.",
            fails="A drift is open for longer, or an account was read even later or never.",
            judge=_platform,
        ),
    ),
)
