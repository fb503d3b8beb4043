"""Which events say that something in an account is not any more what was read."""

import pytest

from domain.detection.example import call, told
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind
from jobs.event_change import is_change


def code(name: str):
    return told(EventKind.CODE, Provider.GITHUB, name=name)


def of(provider: Provider, name: str, **fields: str):
    return told(EventKind.API_CALL, provider, name=name, **fields)


@pytest.mark.parametrize(
    "event",
    [
        told(EventKind.RESOURCE_CHANGE),
        call("CreateTags", "ec2", readOnly=False),
        call("CreateTags", "ec2"),
        of(Provider.AZURE, "Microsoft.Compute/virtualMachines/WRITE"),
        of(Provider.GCP, "storage.buckets.delete"),
        of(Provider.OKTA, "user.lifecycle.create"),
        code("repo.access"),
    ],
    ids=lambda event: event.name,
)
def test_writing_is_a_change(event):
    assert is_change(event)


@pytest.mark.parametrize(
    "event",
    [
        call("CreateTags", "ec2", error="AccessDenied"),
        # What our own syncs ask for; it must not ask for the next one.
        call("GenerateCredentialReport", "iam", readOnly=False),
        call("Odd", "ec2", readOnly=True),
        call("DescribeInstances", "ec2"),
        told(EventKind.ALARM),
        of(Provider.AZURE, "Microsoft.Compute/virtualMachines/read"),
        of(Provider.GCP, "storage.objects.get"),
        of(Provider.OKTA, "user.session.start"),
        code("push"),
    ],
    ids=lambda event: f"{event.name} {event.error or ''}",
)
def test_looking_failing_and_talking_are_none(event):
    assert not is_change(event)
