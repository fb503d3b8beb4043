"""Malicious software is detected and stopped."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from domain.compliance.completeness import of_some
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.used_regions import SIGNS, read_regions, used_regions
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

# Features of GuardDuty. Source: GuardDuty API reference, DetectorFeatureConfigurationResult.
FEATURES = ("EBS_MALWARE_PROTECTION", "RUNTIME_MONITORING")
UPLOADS = "plan for uploads"
SERVERS = "VirtualMachines"
# Both plans for servers look for malware. Source: "Defender for Servers plans".
PROTECTING = ("P1", "P2")
SERVICES = ("vm-threat-detection", "container-threat-detection")
POSTURE = "securitycentermanagement.v1:projects.locations.securityCenterServices.list"


def _features(case: Case) -> dict[str | None, set[str]]:
    """What is on, by region."""
    found: dict[str | None, set[str]] = {}
    for call in case.answers.calls("guardduty.get_detector"):
        for page in call.pages:
            on = {one["Name"] for one in page["Features"] if one["Status"] == "ENABLED"}
            found.setdefault(call.region, set()).update(on if page["Status"] == "ENABLED" else ())
    for region, _ in case.answers.located("guardduty.list_malware_protection_plans", "MalwareProtectionPlans"):
        found.setdefault(region, set()).add(UPLOADS)
    return found


def _of_region(region: str, wanted: Collection[str], on: Collection[str]) -> Item:
    off = [one for one in wanted if one not in on]
    if not off:
        return passed(region, f"{', '.join(wanted)} on")
    say = warned if len(off) == 1 else failed
    return say(region, f"{', '.join(off)} off", f"{', '.join(wanted)} on")


def _aws(case: Case) -> Iterator[Item]:
    """Each region with something in it.

    Which buckets take uploads is not told: a region with buckets needs a plan, whatever it is for.
    """
    used, features = used_regions(case.answers), _features(case)
    with_buckets = {region for region, _ in case.answers.located("s3.list_buckets", "Buckets")}
    for region in read_regions(case.answers):
        if region in used:
            wanted = (*FEATURES, UPLOADS) if region in with_buckets else FEATURES
            yield _of_region(region, wanted, features.get(region, ()))


def _is_protected(plan: Mapping[str, Any]) -> bool:
    own = plan["properties"]
    return plan["name"] == SERVERS and own["pricingTier"] == "Standard" and own.get("subPlan") in PROTECTING


def _azure(case: Case) -> Iterator[Item]:
    """Servers, and each storage account: what is missing there only warns while servers are protected."""
    operation = "GET Microsoft.Security/pricings"
    plans = [] if case.answers.is_off(operation) else list(case.answers.items(operation, "value"))
    has_servers = any(_is_protected(plan) for plan in plans)
    if has_servers:
        yield passed(SERVERS, "protected by Defender for Servers")
    else:
        yield failed(SERVERS, "not protected", "Defender for Servers, plan 1 or 2")
    for call in case.answers.calls("GET Microsoft.Security/defenderForStorageSettings"):
        on = [page["properties"]["malwareScanning"]["onUpload"]["isEnabled"] for page in call.pages]
        if any(on):
            yield passed(call.arguments["id"], "uploads scanned")
        else:
            yield (warned if has_servers else failed)(call.arguments["id"], "uploads not scanned", "uploads scanned")


def _gcp(case: Case) -> Iterator[Item]:
    """Where Security Command Center is not active, neither service is."""
    listed = [] if case.answers.is_off(POSTURE) else case.answers.items(POSTURE, "securityCenterServices")
    on = {one["name"].rpartition("/")[2] for one in listed if one["effectiveEnablementState"] == "ENABLED"}
    yield of_some(case.answers.account, SERVICES, on)


def _named(rules: Iterator[Mapping[str, Any]]) -> set[str]:
    """The assurances that active rules of access ask for. Source: Okta's Policy API, condition device.assurance."""
    found: set[str] = set()
    for rule in rules:
        device = ((rule.get("conditions") or {}).get("device") or {}).get("assurance") or {}
        if rule["status"] == "ACTIVE":
            found.update(device.get("include") or [])
    return found


def _okta(case: Case) -> Iterator[Item]:
    """Which platforms are in use is not told: each that has a policy must have one that a rule names."""
    policies = list(case.answers.items("GET /api/v1/device-assurances"))
    named = _named(case.answers.items("GET /api/v1/policies/{policyId}/rules"))
    wanted = "a policy for devices that a rule of access names"
    if not policies:
        yield failed("device assurance", "no policy", wanted)
    asked = {policy["platform"] for policy in policies if policy["id"] in named}
    for policy in policies:
        seen = f"{policy['name']} for {policy['platform']}"
        if policy["platform"] in asked:
            yield passed(policy["id"], seen)
        else:
            yield warned(policy["id"], f"{seen}, named by no rule", wanted)


CONTROL = Control(
    id="CW-VUL-04",
    name="Malicious software is detected and stopped",
    category="vulnerability",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.8",),
    objective="Workloads, uploads and devices are watched for malware.",
    owner_role="security",
    remediations=("aws.guardduty.enable_malware",),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=(
                "guardduty.get_detector",
                "guardduty.list_malware_protection_plans",
                "ec2.describe_regions",
                *SIGNS,
            ),
            passes=(
                "GuardDuty looks for malware on volumes and at run time in every used region, and for what is"
                " uploaded into buckets."
            ),
            warns="One of these is off.",
            fails="Two or more of these are off.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="subscription",
            operations=(
                "GET Microsoft.Security/pricings",
                "GET Microsoft.Security/defenderForStorageSettings",
            ),
            passes="Defender for Servers is on, and every storage account scans uploads.",
            warns="Only servers are protected.",
            fails="Servers are not protected.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="project",
            operations=("securitycentermanagement.v1:projects.locations.securityCenterServices.list",),
            passes="Threats to machines and to containers are both detected.",
            warns="Only one of the two is.",
            fails="Neither is.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.OKTA,
            scope="organization",
            operations=("GET /api/v1/device-assurances", "GET /api/v1/policies/{policyId}/rules"),
            passes="There are policies for devices, and a rule of access names one for each platform that has some.",
            warns="A platform has a policy that no rule names.",
            fails="There is no policy for devices.",
            judge=_okta,
        ),
    ),
)
