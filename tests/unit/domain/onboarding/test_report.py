"""What a first look found, told: what can be read, what is missing by name, and what each would bring."""

from datetime import UTC, datetime

import pytest

from domain.facts.access import AccessReport, Readability, ReadNeed
from domain.facts.inventory import GapCause, ServiceGap
from domain.facts.resource import ResourceKind
from domain.onboarding.report import Holder, Looked, access_report
from domain.rules.registry import all_rules

NOW = datetime(2026, 11, 26, tzinfo=UTC)
HOLDER = Holder(native_id="123456789012", name="Production", principal="arn:aws:iam::123456789012:user/reader")
VOLUMES = ReadNeed(
    operation="ec2.describe_volumes",
    service="ec2",
    permissions=("ec2:DescribeVolumes",),
    kinds=(ResourceKind.AWS_EBS_VOLUME,),
    is_list=True,
)
ACL = ReadNeed(
    operation="s3.get_bucket_acl",
    service="s3",
    permissions=("s3:GetBucketAcl",),
    kinds=(ResourceKind.AWS_S3_BUCKET,),
)
LOG = ReadNeed(operation="GET /audit-log", service="audit", permissions=("read:audit",), plan="Enterprise Cloud")
NEEDS = (VOLUMES, ACL, LOG)


def gap(need: ReadNeed, cause: GapCause, missing: str | None = None, region: str | None = None) -> ServiceGap:
    return ServiceGap(
        service=need.service, region=region, reason="No.", operation=need.operation, cause=cause, missing=missing
    )


def report(*gaps: ServiceGap, answered: tuple[str, ...] = (), is_whole: bool = True) -> AccessReport:
    looked = Looked(answered=answered, gaps=gaps, is_whole=is_whole)
    return access_report(HOLDER, NEEDS, looked, all_rules(), NOW)


def states(told: AccessReport) -> dict[str, Readability]:
    return {one.operation: one.state for service in told.services for one in service.operations}


def test_each_read_is_told_as_it_was_answered() -> None:
    told = report(gap(ACL, GapCause.PERMISSION, "s3:GetBucketAcl"), answered=(VOLUMES.operation,), is_whole=False)

    assert states(told) == {
        VOLUMES.operation: Readability.READABLE,
        ACL.operation: Readability.REFUSED,
        LOG.operation: Readability.NOT_TRIED,
    }
    assert [(one.service, one.readable, one.refused) for one in told.services] == [
        ("ec2", 1, 0),
        ("s3", 0, 1),
        ("audit", 0, 0),
    ]
    assert (told.native_id, told.principal, told.checked_at) == (HOLDER.native_id, HOLDER.principal, NOW)
    assert not told.is_whole


@pytest.mark.parametrize(
    "cause", [GapCause.THROTTLED, GapCause.CUT_SHORT, GapCause.UNAVAILABLE, GapCause.MISSHAPEN, GapCause.FAILED]
)
def test_what_fails_for_another_reason_asks_for_no_permission(cause: GapCause) -> None:
    told = report(gap(VOLUMES, cause))

    assert states(told)[VOLUMES.operation] is Readability.UNAVAILABLE
    assert told.missing == ()


def test_the_worst_answer_tells_whatever_comes_first() -> None:
    refused, away = gap(VOLUMES, GapCause.PERMISSION, "ec2:DescribeVolumes"), gap(VOLUMES, GapCause.UNAVAILABLE)

    assert states(report(refused, away)) == states(report(away, refused))
    assert states(report(away, refused))[VOLUMES.operation] is Readability.REFUSED


def test_a_missing_permission_brings_the_kinds_it_lists_and_the_rules_that_judge_them() -> None:
    (missing,) = report(gap(VOLUMES, GapCause.PERMISSION, "ec2:DescribeVolumes")).missing

    judging = {rule.id for rule in all_rules() if rule.applies_to is ResourceKind.AWS_EBS_VOLUME}
    naming = {rule.id for rule in all_rules() if "ec2:DescribeVolumes" in rule.permissions}
    assert missing.name == "ec2:DescribeVolumes"
    assert missing.operations == (VOLUMES.operation,)
    assert missing.kinds == (ResourceKind.AWS_EBS_VOLUME,)
    assert set(missing.rules) == judging | naming
    assert judging


def test_a_missing_detail_brings_only_the_rules_that_name_it() -> None:
    (missing,) = report(gap(ACL, GapCause.PERMISSION, "s3:GetBucketAcl")).missing

    assert set(missing.rules) == {rule.id for rule in all_rules() if "s3:GetBucketAcl" in rule.permissions}


def test_a_provider_that_does_not_say_what_is_missing_is_told_for() -> None:
    (missing,) = report(gap(VOLUMES, GapCause.PERMISSION)).missing

    assert missing.name == "ec2:DescribeVolumes"


def test_several_missing_permissions_are_told_one_by_one() -> None:
    told = report(gap(VOLUMES, GapCause.PERMISSION, "a:One, b:Two"), gap(ACL, GapCause.PERMISSION, "a:One"))

    assert [(one.name, one.operations) for one in told.missing] == [
        ("a:One", (VOLUMES.operation, ACL.operation)),
        ("b:Two", (VOLUMES.operation,)),
    ]


@pytest.mark.parametrize(("said", "told"), [("Enterprise", "Enterprise"), (None, "Enterprise Cloud")])
def test_a_missing_plan_is_no_permission(said: str | None, told: str) -> None:
    (missing,) = report(gap(LOG, GapCause.PLAN, said)).missing

    assert (missing.name, missing.is_plan) == (told, True)


def test_a_plan_nobody_names_is_another_one() -> None:
    (missing,) = report(gap(VOLUMES, GapCause.PLAN)).missing

    assert missing.name == "another plan"
