"""What credentials lack, as the providers tell it."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from connectors.clouds.aws import allowed as of_aws
from connectors.clouds.azure import allowed as of_azure
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

    assert await of_aws.missing(Scripted(page), ["ec2:A", "ec2:B", "ec2:C"], "i-1") == {"ec2:B"}


async def test_root_may_everything_and_is_not_asked():
    source = Scripted(principal="arn:aws:iam::123456789012:root")

    assert await of_aws.missing(source, ["ec2:A"], "i-1") == frozenset()
    assert source.asked == []


async def test_many_are_asked_in_parts():
    source = Scripted({}, {})

    await of_aws.missing(source, [f"ec2:A{number}" for number in range(60)], "i-1")

    assert [len(one["ActionNames"]) for one in source.asked] == [50, 10]


async def test_google_names_what_is_granted():
    source = Scripted({"permissions": ["compute.disks.delete"]})

    assert await of_gcp.missing(source, ["compute.disks.delete", "compute.disks.get"], "d1") == {"compute.disks.get"}


DISK = "/subscriptions/s1/resourceGroups/Shop/providers/Microsoft.Compute/disks/d1"


def roles(*given: dict[str, Any]) -> dict[str, Any]:
    return {"value": list(given)}


async def test_azure_lists_what_roles_give_on_the_resource_and_on_its_group():
    on_disk = roles({"actions": ["Microsoft.Compute/disks/*"], "notActions": ["Microsoft.Compute/disks/delete"]})
    source = Scripted(on_disk, roles({"actions": ["*/READ"], "notActions": []}))
    wanted = ["Microsoft.Compute/disks/write", "Microsoft.Compute/disks/delete", "Microsoft.Compute/snapshots/read"]

    lacks = await of_azure.missing(source, [*wanted, "User.Read.All"], DISK)

    assert lacks == {"Microsoft.Compute/disks/delete"}
    assert [one["id"] for one in source.asked] == [DISK, "/subscriptions/s1/resourceGroups/Shop"]


async def test_what_one_role_leaves_out_another_may_give():
    source = Scripted(roles({"actions": ["*"], "notActions": ["A/b/delete"]}, {"actions": ["A/b/delete"]}), roles())

    assert await of_azure.missing(source, ["A/b/delete"], DISK) == frozenset()


@pytest.mark.parametrize(
    ("native_id", "scopes"),
    [
        ("/subscriptions/s1/providers/Microsoft.Security/pricings/VirtualMachines", ("/subscriptions/s1",)),
        ("/subscriptions/s1/resourceGroups/g", ("/subscriptions/s1/resourceGroups/g",)),
        ("a recommendation", ()),
    ],
)
def test_what_stands_in_no_group_is_looked_for_in_the_subscription(native_id, scopes):
    assert of_azure.scopes_of(native_id) == scopes


async def test_azure_is_not_asked_about_what_has_no_scope():
    assert await of_azure.missing(Scripted(), ["A/b/delete"], "a recommendation") is None


@pytest.mark.parametrize("asking", [of_aws.missing, of_azure.missing, of_gcp.missing])
async def test_provider_that_does_not_tell_leaves_it_open(asking):
    refused = PermissionMissing("No.", service="iam", permission="x")

    assert await asking(Scripted(refused), ["A/b"], DISK) is None
