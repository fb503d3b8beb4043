"""A check of a bundle as a control of its own: the description of the bundle with the procedures that judge it."""

from collections.abc import Collection, Iterable, Iterator
from typing import NoReturn

from domain.compliance.answers import NotOffered
from domain.compliance.bundle import BundleCheck, find_bundle
from domain.compliance.control import Case, Control, Procedure
from domain.compliance.framework import Framework
from domain.facts.compliance import Integration

SYSTEM_NAMES = {
    Integration.AWS: "AWS",
    Integration.AZURE: "Azure",
    Integration.GCP: "Google Cloud",
    Integration.DIGITALOCEAN: "DigitalOcean",
    Integration.GITHUB: "GitHub",
    Integration.OKTA: "Okta",
    Integration.JIRA: "Jira",
    Integration.SLACK: "Slack",
    Integration.PLATFORM: "CloudWatcher itself",
    Integration.MANUAL: "what people file",
}


def as_control(bundle: str, check: BundleCheck, procedures: Iterable[Procedure]) -> Control:
    """The check with these procedures, and with one that says why for each system in which nothing can be told."""
    return Control(
        id=check.id,
        name=check.name,
        category=bundle,
        severity=check.severity,
        frequency=check.frequency,
        evidence_kind=check.evidence_kind,
        objective=f"{check.name}.",
        owner_role="security" if check.id.startswith("TC-") else "operations",
        bundle=bundle,
        procedures=(*procedures, *_unread(check)),
    )


def _unread(check: BundleCheck) -> Iterator[Procedure]:
    for integration, why in check.unread.items():
        operations = check.operations_of(integration)

        def judge(_: Case, operation: str = operations[0], why: str = why) -> NoReturn:
            raise NotOffered(operation, why)

        yield Procedure(
            integration=integration,
            scope="account",
            operations=operations,
            passes=f"Not assessed: {why}.",
            fails=None,
            judge=judge,
        )


def serves(control: Control, framework: Framework) -> bool:
    """Whether a control is named by the framework, or comes with a bundle that the framework is one of."""
    bundle = None if control.bundle is None else find_bundle(control.bundle)
    return control.id in framework.controls or (bundle is not None and framework.id in bundle.frameworks)


def why_unassessed(check: BundleCheck, problems: Collection[str]) -> str:
    """Why nothing is said of the check, and what would have to be connected. `problems` are those of its judgements."""
    missing = [f"{SYSTEM_NAMES[system]}: {why}." for system, why in check.unread.items()]
    told = [SYSTEM_NAMES[one] for one in Integration if one in check.systems - check.unread.keys()]
    connect = [f"Connect {' or '.join(told)}."] if told and not problems else []
    return " ".join([*connect, *(dict.fromkeys(problems) if told else missing)])
