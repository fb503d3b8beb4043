"""Which events say that something in an account is not any more what was read."""

import pytest

from domain.detection.example import call, told
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind
from jobs.event_change import is_change, touch_of


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


def traced(name: str, service: str):
    """As CloudTrail tells it."""
    return call(name, service).model_copy(update={"service": f"{service}.amazonaws.com", "region": "eu-central-1"})


@pytest.mark.parametrize(
    ("event", "touches"),
    [
        (traced("AuthorizeSecurityGroupIngress", "ec2"), "ec2@eu-central-1"),
        (traced("PutMetricAlarm", "monitoring"), "cloudwatch@eu-central-1"),
        # A trail of several regions is changed in one of them.
        (traced("StopLogging", "cloudtrail"), "cloudtrail"),
        (told(EventKind.RESOURCE_CHANGE, source="aws.ec2", service=None, region="eu-west-1"), "ec2@eu-west-1"),
        (
            told(
                EventKind.RESOURCE_CHANGE,
                source="aws.config",
                service=None,
                resources=("b", "arn:aws:s3:::b"),
                region="eu-west-1",
            ),
            "s3@eu-west-1",
        ),
        (told(EventKind.RESOURCE_CHANGE, source="aws.config", service=None, resources=("b",)), None),
        (of(Provider.AZURE, "Microsoft.Sql/servers/write", service="Microsoft.Sql"), "microsoft.sql"),
        (of(Provider.AZURE, "Microsoft.Resources/tags/write", service="Microsoft.Resources"), None),
        (of(Provider.AZURE, "Microsoft.Sql/servers/write"), None),
        # Its events name zones where its lists go by project.
        (of(Provider.GCP, "v1.compute.disks.insert", service="compute.googleapis.com", region="a-b"), "compute"),
        (of(Provider.GCP, "SetIamPolicy", service="cloudresourcemanager.googleapis.com"), "resourcemanager"),
        (of(Provider.GCP, "SetIamPolicy"), None),
        (of(Provider.OKTA, "user.lifecycle.create", service="okta"), None),
        (code("repo.access"), None),
    ],
    ids=lambda one: getattr(one, "name", one),
)
def test_a_change_says_which_service_it_was_in(event, touches: str | None):
    assert touch_of(event) == touches
