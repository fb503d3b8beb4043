"""Sensitive data is where the inventory says it is.

Sensitive data is where its store bears the label `data-class` with the value pii, phi or cardholder.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age
from domain.compliance.labels import aws_labels, label_of
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

SESSION, DISCOVERY = "macie2.get_macie_session", "macie2.get_automated_discovery_configuration"
LISTED, FINDINGS = "macie2.list_findings", "macie2.get_findings"
CONFIGS, PROFILES = (
    "dlp.v2:projects.locations.discoveryConfigs.list",
    "dlp.v2:organizations.locations.fileStoreDataProfiles.list",
)
ASSETS, PLANS = "cloudasset.v1:v1.searchAllResources", "GET Microsoft.Security/pricings"
SENSITIVE, NEW = frozenset({"pii", "phi", "cardholder"}), timedelta(days=7)
LABELLED, HIGH = "labelled pii, phi or cardholder", "SENSITIVITY_HIGH"


def _aws(case: Case) -> Iterator[Item]:
    account = case.answers.account
    if case.answers.is_off(SESSION) or case.answers.is_off(DISCOVERY):
        yield failed(account, "Macie is off", "Macie and its automated discovery on")
        return
    for operation in (SESSION, DISCOVERY):
        calls = case.answers.calls(operation)
        if not calls:
            yield failed(account, "Macie is off", "Macie and its automated discovery on")
        for call in calls:
            yield _is_on(f"{operation.partition('_')[2]} in {call.region}", call.pages[0]["status"])
    labels = aws_labels(case.answers)
    case.answers.calls(LISTED)
    for finding in case.answers.items(FINDINGS, "findings"):
        if finding["type"].startswith("SensitiveData:"):
            bucket = finding["resourcesAffected"]["s3Bucket"]["name"]
            yield _store(bucket, labels.get(f"s3:::{bucket}"), finding["createdAt"], case)


def _is_on(name: str, status: str) -> Item:
    return passed(name, status) if status == "ENABLED" else failed(name, status, "ENABLED")


def _store(name: str, label: str | None, since: Any, case: Case) -> Item:
    if label in SENSITIVE:
        return passed(name, f"labelled {label}")
    say = warned if age(since, case.now) < NEW else failed
    return say(name, f"holds sensitive data, {f'labelled {label}' if label else 'without a label'}", LABELLED)


def _gcp(case: Case) -> Iterator[Item]:
    running = [one for one in case.answers.items(CONFIGS, "discoveryConfigs") if one["status"] == "RUNNING"]
    if running:
        yield passed(case.answers.account, f"{len(running)} discoveries running")
    else:
        yield failed(case.answers.account, "no discovery running", "a running discovery")
    labels = {one["name"]: label_of(one.get("labels")) for one in case.answers.items(ASSETS, "results")}
    for profile in case.answers.items(PROFILES, "fileStoreDataProfiles"):
        # Profiles are of the whole organization; those of other projects are judged with them.
        name = profile["fullResource"]
        if _score(profile) == HIGH and name in labels:
            yield _store(name, labels[name], profile["createTime"], case)


def _score(profile: Mapping[str, Any]) -> str | None:
    """None while the first profile of a store is being made."""
    score: str | None = (profile.get("sensitivityScore") or {}).get("score")
    return score


def _azure(case: Case) -> Iterator[Item]:
    plans = [] if case.answers.is_off(PLANS) else list(case.answers.items(PLANS, "value"))
    posture = [one["properties"] for one in plans if one["name"] == "CloudPosture"]
    account, wanted = case.answers.account, "the posture plan with discovery of sensitive data"
    if not posture or posture[0]["pricingTier"] != "Standard":
        yield failed(account, "the posture plan is off", wanted)
    elif any(_is_discovery(one) for one in posture[0].get("extensions") or []):
        yield passed(account, "discovery of sensitive data is on")
    else:
        yield warned(account, "discovery of sensitive data is off", wanted)


def _is_discovery(extension: dict[str, Any]) -> bool:
    return extension["name"] == "SensitiveDataDiscovery" and str(extension["isEnabled"]).lower() == "true"


CONTROL = Control(
    id="CW-PRV-03",
    name="Sensitive data is where the inventory says it is",
    category="privacy",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("P3.1", "P4.1", "P7.1", "C1.1"),
    objective="Discovery scans confirm labels; surprises raise a failure.",
    owner_role="privacy",
    remediations=("aws.macie.enable",),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=(
                "macie2.get_macie_session",
                "macie2.get_automated_discovery_configuration",
                "macie2.list_findings",
                "macie2.get_findings",
                "resourcegroupstaggingapi.get_resources",
            ),
            passes=(
                "Macie and its automated discovery are enabled, and each bucket with a finding is labelled pii, "
                "phi or cardholder."
            ),
            warns="A finding younger than 7 days is on a bucket that is not so labelled.",
            fails="Such a finding is older, or Macie or its discovery is off.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="project",
            operations=(
                "dlp.v2:projects.locations.discoveryConfigs.list",
                "dlp.v2:organizations.locations.fileStoreDataProfiles.list",
                "cloudasset.v1:v1.searchAllResources",
            ),
            passes="A discovery is running, and stores of high sensitivity are labelled pii, phi or cardholder.",
            warns="A store is not so labelled, for less than 7 days.",
            fails="For longer, or no discovery is running.",
            judge=_gcp,
            version=2,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="subscription",
            operations=("GET Microsoft.Security/pricings",),
            passes="The posture plan is on with its extension SensitiveDataDiscovery.",
            warns="The posture plan is on without the extension.",
            fails="The posture plan is off.",
            judge=_azure,
        ),
    ),
)
