"""Threat and anomaly detection is on everywhere."""

from collections.abc import Iterator
from datetime import timedelta

from domain.compliance.answers import Answers
from domain.compliance.completeness import of_some
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age
from domain.compliance.used_regions import SIGNS, read_regions, used_regions
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

PLANS = ("VirtualMachines", "SqlServers", "StorageAccounts", "KeyVaults", "Containers", "Arm")
SERVICES = ("event-threat-detection", "security-health-analytics")
POSTURE = "securitycentermanagement.v1:projects.locations.securityCenterServices.list"
SCAN = "GET /v2/security/scans/latest"
FRESH_SCAN, OLD_SCAN = timedelta(hours=48), timedelta(days=7)
FRESH_RUN, OLD_RUN = timedelta(hours=26), timedelta(hours=50)


def _watched(answers: Answers) -> set[str | None]:
    """The regions with a detector that is on."""
    calls = answers.calls("guardduty.get_detector")
    return {call.region for call in calls if any(page["Status"] == "ENABLED" for page in call.pages)}


def _aws(case: Case) -> Iterator[Item]:
    """GuardDuty in each region that is read; a region nobody reads cannot be judged."""
    case.answers.calls("guardduty.list_detectors")
    watched, regions = _watched(case.answers), read_regions(case.answers)
    blind = [region for region in regions if region not in watched]
    used = used_regions(case.answers) if blind else frozenset()
    for region in regions:
        if region not in blind:
            yield passed(region, "GuardDuty is on")
        elif region in used:
            yield failed(region, "no GuardDuty, and something runs here", "GuardDuty on")
        else:
            yield warned(region, "no GuardDuty, and nothing runs here", "GuardDuty on")


def _azure(case: Case) -> Iterator[Item]:
    """Where Defender was never switched on in the subscription, no plan is."""
    operation = "GET Microsoft.Security/pricings"
    plans = [] if case.answers.is_off(operation) else list(case.answers.items(operation, "value"))
    found = {plan["name"] for plan in plans if plan["properties"]["pricingTier"] == "Standard"}
    yield of_some(case.answers.account, PLANS, found)


def _gcp(case: Case) -> Iterator[Item]:
    """Where Security Command Center is not active, neither service is."""
    listed = [] if case.answers.is_off(POSTURE) else case.answers.items(POSTURE, "securityCenterServices")
    on = {one["name"].rpartition("/")[2] for one in listed if one["effectiveEnablementState"] == "ENABLED"}
    yield of_some(case.answers.account, SERVICES, on)


def _okta(case: Case) -> Iterator[Item]:
    """ThreatInsight, and each rule on behaviour; none at all is a warning."""
    action = case.answers.answer("GET /api/v1/threats/configuration")["action"]
    seen, wanted = f"suspicious addresses: {action}", "suspicious addresses: block"
    if action == "block":
        yield passed("ThreatInsight", seen)
    else:
        yield (warned if action == "audit" else failed)("ThreatInsight", seen, wanted)
    behaviors = list(case.answers.items("GET /api/v1/behaviors"))
    for rule in behaviors:
        if rule["status"] == "ACTIVE":
            yield passed(rule["id"], f"{rule['name']} is watched")
        else:
            yield warned(rule["id"], f"{rule['name']} is not watched", "watched")
    if not behaviors:
        yield warned("behaviour", "no rule", "a rule that is active")


def _digitalocean(case: Case) -> Iterator[Item]:
    """Where scans were never switched on there is no newest one."""
    team, wanted = case.answers.account, "a scan completed within 48 hours"
    if case.answers.is_off(SCAN):
        yield failed(team, "scans are not switched on", wanted)
        return
    scan = case.answers.answer(SCAN)["scan"]
    status, ago = scan["status"], age(scan["created_at"], case.now)
    seen = f"{status} {ago.total_seconds() / 3600:.0f} hours ago"
    if status in ("CSPM_NOT_ENABLED", "FAILED") or ago > OLD_SCAN:
        yield failed(team, seen, wanted)
    elif status == "COMPLETED" and ago <= FRESH_SCAN:
        yield passed(team, seen)
    else:
        yield warned(team, seen, wanted)


def _platform(case: Case) -> Iterator[Item]:
    name, wanted = "anomaly models", "run within 26 hours over all accounts"
    for row in case.answers.items("platform:anomaly_models"):
        covered, total, ran = row["accounts_covered"], row["accounts_total"], row["last_run_at"]
        ago = None if ran is None else case.now - ran
        hours = "never run" if ago is None else f"run {ago.total_seconds() / 3600:.0f} hours ago"
        seen = f"{hours}, {covered} of {total} accounts"
        if ago is None or ago > OLD_RUN or covered < total:
            yield failed(name, seen, wanted)
        else:
            yield passed(name, seen) if ago <= FRESH_RUN else warned(name, seen, wanted)


CONTROL = Control(
    id="CW-LOG-04",
    name="Threat and anomaly detection is on everywhere",
    category="logging",
    severity=Severity.HIGH,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC7.2", "CC6.8", "CC3.2"),
    objective="Native detectors and our own models watch every connected account and region.",
    owner_role="security",
    remediations=("aws.guardduty.enable", "aws.securityhub.enable", "azure.defender.enable_plan"),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=(
                "ec2.describe_regions",
                "guardduty.list_detectors",
                "guardduty.get_detector",
                "securityhub.describe_hub",
                *SIGNS,
            ),
            passes="GuardDuty is on in every region of the account.",
            warns="It is missing only in regions with nothing in them.",
            fails="It is missing in a region that is used.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="subscription",
            operations=("GET Microsoft.Security/pricings",),
            passes=(
                "Defender is Standard for virtual machines, SQL servers, storage accounts, key vaults, "
                "containers and Resource Manager."
            ),
            warns="It is Standard for some of them.",
            fails="It is Free for all of them.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="project",
            operations=(
                "securitycenter.v1:projects.sources.findings.list",
                "securitycentermanagement.v1:projects.locations.securityCenterServices.list",
            ),
            passes="Event Threat Detection and Security Health Analytics are in effect.",
            warns="Only one of the two is.",
            fails="Neither is.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.OKTA,
            scope="organization",
            operations=("GET /api/v1/threats/configuration", "GET /api/v1/behaviors"),
            passes="ThreatInsight blocks, and all rules on behaviour are active.",
            warns="ThreatInsight only audits, or a rule on behaviour is inactive or missing.",
            fails="ThreatInsight does nothing.",
            judge=_okta,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="team",
            operations=("GET /v2/security/scans/latest",),
            passes="The newest posture scan was completed and is at most 48 hours old.",
            warns="The newest scan is at most 7 days old.",
            fails="Scans are not switched on, the newest one failed, or it is older.",
            judge=_digitalocean,
        ),
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=("platform:anomaly_models",),
            passes="The anomaly models ran within 26 hours over all accounts.",
            warns="They ran within 50 hours.",
            fails="They ran earlier or never, or an account is not covered.",
            judge=_platform,
        ),
    ),
)
