"""What credentials lack, as the providers tell it."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from connectors.clouds.aws import allowed as of_aws
from connectors.clouds.gcp import allowed as of_gcp
from connectors.reading.source import Identity
from domain.errors import PermissionMissing

USER = "arn:aws:iam::123456789012:user/ops/acting"


class Scripted:
    """A source that gives these pages, one call each, and remembers what it was asked."""

    def __init__(self, *pages: Any, principal: str = USER) -> None:
        self.given, self.principal, self.asked = list(pages), principal, []

    async def identity(self) -> Identity:
        return Identity(native_id="123456789012", name="a", principal=self.principal)

    async def pages(self, operation: Any, place: Any, arguments: Any) -> AsyncGenerator[Any, None]:
        self.asked.append(arguments)
        page = self.given.pop(0)
        if isinstance(page, Exception):
            raise page
        yield page


def result(action: str, decision: str, **more: Any) -> dict[str, Any]:
    return {"EvalActionName": action, "EvalDecision": decision, **more}


@pytest.mark.parametrize(
    ("principal", "source"),
    [
        (USER, USER),
        ("arn:aws:sts::123456789012:assumed-role/Act/cloudwatcher", "arn:aws:iam::123456789012:role/Act"),
        ("arn:aws-cn:sts::123456789012:assumed-role/Act/x", "arn:aws-cn:iam::123456789012:role/Act"),
        ("arn:aws:iam::123456789012:root", None),
    ],
)
def test_policies_are_those_of_the_user_or_the_role_behind_a_session(principal, source):
    assert of_aws.policy_source(principal) == source


async def test_what_aws_denies_is_missing_and_what_hangs_on_conditions_is_not():
    page = {
        "EvaluationResults": [
            result("ec2:A", "allowed"),
            result("ec2:B", "implicitDeny"),
            result("ec2:C", "explicitDeny", MissingContextValues=["aws:SourceIp"]),
        ]
    }

    assert await of_aws.missing(Scripted(page), ["ec2:A", "ec2:B", "ec2:C"]) == {"ec2:B"}


async def test_root_may_everything_and_is_not_asked():
    source = Scripted(principal="arn:aws:iam::123456789012:root")

    assert await of_aws.missing(source, ["ec2:A"]) == frozenset()
    assert source.asked == []


async def test_many_are_asked_in_parts():
    source = Scripted({}, {})

    await of_aws.missing(source, [f"ec2:A{number}" for number in range(60)])

    assert [len(one["ActionNames"]) for one in source.asked] == [50, 10]


async def test_google_names_what_is_granted():
    source = Scripted({"permissions": ["compute.disks.delete"]})

    assert await of_gcp.missing(source, ["compute.disks.delete", "compute.disks.get"]) == {"compute.disks.get"}


@pytest.mark.parametrize("asking", [of_aws.missing, of_gcp.missing])
async def test_provider_that_does_not_tell_leaves_it_open(asking):
    refused = PermissionMissing("No.", service="iam", permission="x")

    assert await asking(Scripted(refused), ["a:B"]) is None
