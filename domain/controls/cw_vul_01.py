"""Hosts, images and functions are scanned, and findings meet their deadline."""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.deadlines import SERIOUS, of_deadline
from domain.compliance.instants import instant
from domain.compliance.used_regions import SIGNS, read_regions, used_regions
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

SCANNED = ("ec2", "ecr", "lambda")
# The plans of Defender that look for known holes: in machines, and in images.
PLANS = ("VirtualMachines", "Containers")
# The question to Resource Graph that tells how bad an assessment is, which the list of assessments leaves out.
SEVERITIES = "securityresources"
# Until the end of life of a database is near.
NEAR_END = timedelta(days=90)


def _scanned(case: Case) -> dict[str | None, set[str]]:
    """What Inspector scans, by region."""
    found: dict[str | None, set[str]] = {}
    for region, account in case.answers.located("inspector2.batch_get_account_status", "accounts"):
        state = account["resourceState"]
        found.setdefault(region, set()).update(name for name in SCANNED if state[name]["status"] == "ENABLED")
    return found


def _of_region(region: str, scanned: Collection[str]) -> Item:
    missing = [name for name in SCANNED if name not in scanned]
    wanted = f"{', '.join(SCANNED)} scanned"
    return failed(region, f"{', '.join(missing)} not scanned", wanted) if missing else passed(region, wanted)


def _aws(case: Case) -> Iterator[Item]:
    """Regions with something in them, and every open finding; one without a fix has no deadline yet."""
    used, scanned = used_regions(case.answers), _scanned(case)
    for region in read_regions(case.answers):
        if region in used:
            yield _of_region(region, scanned.get(region, ()))
    for one in case.answers.items("inspector2.list_findings", "findings"):
        if one.get("fixAvailable") == "NO":
            yield passed(one["findingArn"], f"{one['severity'].lower()}, no fix yet")
        else:
            days = case.parameters["deadline_days"]
            yield of_deadline(one["findingArn"], one["severity"], one["firstObservedAt"], case.now, days)


def _severity(assessment: Mapping[str, Any], told: Mapping[str, str]) -> str:
    """One of which nobody tells how bad it is counts as high."""
    own = assessment["properties"].get("metadata") or {}
    return str(own.get("severity") or told.get(assessment["id"].lower()) or "High")


def _azure(case: Case) -> Iterator[Item]:
    """An assessment is open since it last changed its status. Only those that are high or worse have a deadline."""
    listed = case.answers.items("GET Microsoft.Security/pricings", "value")
    on = {plan["name"] for plan in listed if plan["properties"]["pricingTier"] == "Standard"}
    for plan in PLANS:
        yield passed(plan, "scanned") if plan in on else failed(plan, "not scanned", "Defender on")
    told = {
        row["id"].lower(): str(row["properties"]["severity"])
        for call in case.answers.calls("POST Microsoft.ResourceGraph/resources")
        if str(call.arguments["query"]).startswith(SEVERITIES)
        for page in call.pages
        for row in page["data"]
    }
    for one in case.answers.items("GET Microsoft.Security/assessments", "value"):
        status, severity = one["properties"]["status"], _severity(one, told)
        if status["code"] == "Unhealthy" and severity.lower() in SERIOUS:
            since = status.get("statusChangeDate") or status["firstEvaluationDate"]
            yield of_deadline(one["id"], severity, since, case.now, case.parameters["deadline_days"])


def _of_repository(repository: Mapping[str, Any]) -> Item:
    """Of some formats there is nothing to scan. Source: Artifact Registry, VulnerabilityScanningConfig."""
    name = repository["name"]
    state = (repository.get("vulnerabilityScanningConfig") or {}).get("enablementState")
    if state in ("SCANNING_ACTIVE", "SCANNING_UNSUPPORTED"):
        return passed(name, "scanned" if state == "SCANNING_ACTIVE" else "nothing that can be scanned")
    return failed(name, "not scanned", "scanned")


def _gcp(case: Case) -> Iterator[Item]:
    """A machine without the agent of OS Config has no report, and nothing is said of it."""
    for repository in case.answers.items("artifactregistry.v1:projects.locations.repositories.list", "repositories"):
        yield _of_repository(repository)
    operation = "osconfig.v1:projects.locations.instances.vulnerabilityReports.list"
    for report in case.answers.items(operation, "vulnerabilityReports"):
        for one in report.get("vulnerabilities") or []:
            # The distribution has not ranked every one.
            severity = one["details"].get("severity") or ""
            if severity.lower() in SERIOUS:
                name, days = f"{report['name']}/{one['details']['cve']}", case.parameters["deadline_days"]
                yield of_deadline(name, severity, one["createTime"], case.now, days)


def _of_database(database: Mapping[str, Any], case: Case) -> Item:
    """Null is an engine without an end of life. Source: DigitalOcean's API, database clusters."""
    name, end = database["id"], database.get("version_end_of_life")
    if end is None:
        return passed(name, "no end of life")
    seen, wanted = f"end of life {instant(end):%Y-%m-%d}", "a version that is supported"
    if instant(end) <= case.now:
        return failed(name, seen, wanted)
    return warned(name, seen, wanted) if instant(end) - case.now <= NEAR_END else passed(name, seen)


def _digitalocean(case: Case) -> Iterator[Item]:
    for number, one in enumerate(case.answers.items("GET /v2/security/scans/latest", "scan.findings")):
        if one["severity"].lower() in SERIOUS:
            name = str(one.get("rule_uuid") or one.get("name") or f"finding {number + 1}")
            yield of_deadline(name, one["severity"], one["found_at"], case.now, case.parameters["deadline_days"])
    for database in case.answers.items("GET /v2/databases", "databases"):
        yield _of_database(database, case)


CONTROL = Control(
    id="CW-VUL-01",
    name="Hosts, images and functions are scanned, and findings meet their deadline",
    category="vulnerability",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC7.1", "CC3.2"),
    objective="Known holes in what we run are found by machine and closed in time.",
    owner_role="security",
    parameters={"deadline_days": {"critical": 15, "high": 30, "medium": 90}},
    remediations=("aws.inspector.enable", "aws.ecr.scan_on_push"),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=(
                "inspector2.batch_get_account_status",
                "inspector2.list_findings",
                "ecr.describe_repositories",
                "ec2.describe_regions",
                *SIGNS,
            ),
            passes=(
                "Inspector scans machines, images and functions in every used region, and no finding with a "
                "fix is past its deadline."
            ),
            warns="A finding is past 80 % of its deadline, or one that is not serious is past it.",
            fails="Something is not scanned in a used region, or a critical or high finding is past its deadline.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="subscription",
            operations=(
                "GET Microsoft.Security/pricings",
                "GET Microsoft.Security/assessments",
                "POST Microsoft.ResourceGraph/resources",
            ),
            passes=(
                "Defender is on for machines and containers, and no high assessment that is unhealthy is past"
                " its deadline."
            ),
            warns="A high assessment is past 80 % of its deadline.",
            fails="Defender is off for machines or containers, or a high assessment is past its deadline.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="project",
            operations=(
                "artifactregistry.v1:projects.locations.repositories.list",
                "osconfig.v1:projects.locations.instances.vulnerabilityReports.list",
            ),
            passes=(
                "Every repository of images is scanned, and no high or critical vulnerability is past its deadline."
            ),
            warns="A high or critical vulnerability is past 80 % of its deadline.",
            fails="A repository is not scanned, or a high or critical vulnerability is past its deadline.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="team",
            operations=("GET /v2/security/scans/latest", "GET /v2/databases"),
            passes=(
                "No critical or high finding is past its deadline, and no database engine is past its end of life."
            ),
            warns="A finding is past 80 % of its deadline, or an engine ends within 90 days.",
            fails="A critical or high finding is past its deadline, or an engine is past its end of life.",
            judge=_digitalocean,
        ),
    ),
)
