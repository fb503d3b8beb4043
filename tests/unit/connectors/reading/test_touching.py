"""Which lists a change can touch, and that a survey of some regions says nothing of the others."""

from typing import Any

import pytest

from connectors import registry
from connectors.reading.listing import Detail, Listing, Operation, at, first
from connectors.reading.touching import Touched, services_in, services_of, touch
from domain.facts.provider import Provider
from tests.fakes.tabled import DISK, Table, listing, page, parse, read


def asking(*permissions: str, details: tuple[str, ...] = (), **options: Any) -> Listing:
    detail = Detail(
        key="more",
        operation=Operation(name="detail", service="disks", permissions=details),
        arguments=lambda *_: {},
        pick=first(),
    )
    operation = Operation(name="list", service="disks", permissions=permissions)
    more = {"details": (detail,)} if details else {}
    return Listing(operation=operation, items=at("items"), kind=DISK, parse=parse, **more, **options)


@pytest.mark.parametrize(
    ("permission", "service"),
    [
        ("iam:ListUsers", "iam"),
        ("Microsoft.Storage/storageAccounts/read", "microsoft.storage"),
        ("compute.disks.list", "compute"),
    ],
)
def test_a_service_is_what_permissions_begin_with(permission: str, service: str) -> None:
    assert services_of(asking(permission)) == {service}
    assert services_in([asking(permission)]) == {service}


def test_a_list_is_touched_by_what_is_asked_about_its_items_too() -> None:
    one = asking("s3:ListAllMyBuckets", details=("kms:DescribeKey",))

    assert Touched([touch("kms")]).reaches(one)
    assert Touched([touch("S3", "eu-central-1")]).reaches(one)
    assert not Touched([touch("iam")]).reaches(one)


def test_figures_that_are_measured_are_touched_by_no_change() -> None:
    one = asking("ec2:DescribeVolumes", details=("cloudwatch:GetMetricData",))

    assert not Touched([touch("cloudwatch")]).reaches(one)


def test_a_list_of_everything_is_touched_by_every_change() -> None:
    assert Touched([touch("Microsoft.Sql")]).reaches(asking("*/read"))
    assert services_in([asking("*/read")]) == frozenset()


def test_a_change_in_a_region_touches_that_region_and_one_without_touches_all() -> None:
    one = asking("ec2:DescribeVolumes", "kms:ListKeys", is_regional=True)

    assert Touched([touch("ec2", "east")]).is_in(one, "east")
    assert not Touched([touch("ec2", "east"), touch("sqs", "west")]).is_in(one, "west")
    assert Touched([touch("ec2", "east"), touch("kms")]).is_in(one, "west")


async def test_a_survey_of_one_region_says_nothing_of_the_others() -> None:
    both = (listing(is_regional=True), listing("whole"))
    source = Table(list=[page("a")], whole=[page("b")])

    collected, report = await read(source, *both, is_in=lambda _, region: region == "east")

    assert {(one.native_id, one.region) for one in collected.found if one.native_id == "a"} == {("a", "east")}
    # What has no region may be listed in the other one.
    assert report.complete == {(DISK, "east")}
    assert report.asked == {(DISK, "east"), (DISK, None)}


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        (
            "iam",
            {
                "sts.get_caller_identity",
                "iam.generate_credential_report",
                "iam.list_users",
                "iam.get_account_authorization_details",
                "iam.list_roles",
            },
        ),
        ("kms@eu-central-1", {"kms.list_keys"}),
        ("cloudwatch@eu-central-1", {"cloudwatch.describe_alarms"}),
    ],
)
def test_a_change_in_aws_touches_the_lists_of_its_service(changed: str, names: set[str]) -> None:
    listings = registry.registrations()[Provider.AWS].listings

    assert {one.operation.name for one in listings if Touched([changed]).reaches(one)} == names
