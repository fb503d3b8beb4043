"""What becomes of a name that the catalogue knows."""

import json

import pytest

from domain.detection.catalogue import catalogued, known_names, named
from domain.detection.example import call, fires, quiet, told
from domain.detection.judgement import judge
from domain.detectors.registry import all_detectors
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind
from domain.facts.severity import Severity


def of(provider: Provider, name: str, **fields: object):
    return told(EventKind.API_CALL, provider, name=name, **fields)


def test_the_catalogue_holds_every_name_of_the_facts(shared):
    facts = json.loads((shared / "facts" / "security_events.json").read_text())

    # One name is there twice, in other letters.
    assert known_names() == len({(one["provider"], one["event"].casefold()) for one in facts["events"]})
    assert facts["count"] == len(facts["events"]) == known_names() + 1


@pytest.mark.parametrize(
    ("event", "group", "level"),
    [
        (call("DeleteTrail", "cloudtrail"), "audit_log_tamper", Severity.HIGH),
        (call("CreateProfile", "rolesanywhere"), "persistence", Severity.HIGH),
        (call("DeleteFunction20150331", "lambda"), "destruction", Severity.HIGH),
        (
            of(Provider.AZURE, "microsoft.authorization/roleAssignments/write"),
            "iam_privilege_escalation",
            Severity.HIGH,
        ),
        (of(Provider.GCP, "v1.compute.firewalls.delete"), "config_drift", Severity.MEDIUM),
        (of(Provider.OKTA, "user.mfa.attempt_bypass"), "mfa_disabling", Severity.HIGH),
    ],
)
def test_a_name_is_known_in_any_case_with_its_version_and_by_a_pattern(event, group, level):
    known = named(event)

    assert (known.group, known.level) == (group, level)


def test_a_name_of_another_service_or_provider_is_another_name():
    assert named(call("CreateProfile", "customer-profiles")) is None
    assert named(of(Provider.OKTA, "DeleteTrail")) is None
    assert named(of(Provider.GCP, "unheard.of")) is None


@pytest.mark.parametrize(
    ("is_certain", "name", "service", "severity", "is_grouped"),
    [
        (True, "DeleteFlowLogs", "ec2", Severity.HIGH, False),
        (False, "DeleteFlowLogs", "ec2", Severity.MEDIUM, False),
        (True, "DisassociateWebACL", "wafv2", Severity.HIGH, False),
        (True, "DeleteResolverQueryLogConfig", "route53resolver", Severity.LOW, True),
    ],
)
def test_a_level_counts_no_more_than_a_name_can_tell(is_certain, name, service, severity, is_grouped):
    detector = catalogued(
        id="a-test",
        group="audit_log_tamper",
        title="A test",
        does="does it",
        is_certain=is_certain,
        source="This test",
        blind_spots="All.",
        examples=(fires(call("DeleteFlowLogs", "ec2")), quiet(call("x"))),
    )

    (verdict,) = judge((detector,), call(name, service))

    assert (verdict.sighting.severity, verdict.sighting.is_grouped) == (severity, is_grouped)
    assert verdict.sighting.severity.rank >= detector.severity.rank


@pytest.mark.parametrize(
    "event",
    [
        call("DeleteFlowLogs", "ec2", error="AccessDenied"),
        call("DeleteFlowLogs", "ec2", kind="AWSService"),
        call("DeleteFlowLogs", "ec2", readOnly=True),
        told(EventKind.THREAT, name="DeleteFlowLogs", source="ec2.amazonaws.com", is_over=True),
        call("GetCallerIdentity", "sts"),
        call("AuthorizeSecurityGroupIngress", "ec2"),
        of(Provider.AZURE, "SecretGet"),
        of(Provider.AZURE, "MICROSOFT.KEYVAULT/VAULTS/SOMETHING"),
        of(Provider.GCP, "io.k8s.core.v1.pods.get"),
    ],
    ids=lambda event: f"{event.name} {event.error or event.principal_kind or event.kind}",
)
def test_what_a_name_alone_does_not_prove_is_only_kept(event):
    assert judge(all_detectors(), event) == ()


def test_a_shell_in_a_container_is_no_mere_look():
    (verdict,) = judge(all_detectors(), of(Provider.GCP, "io.k8s.core.v1.pods.exec.create"))

    assert verdict.detector.id == "lateral-movement-call"
