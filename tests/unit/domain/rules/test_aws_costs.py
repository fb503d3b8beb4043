"""Arithmetic and limits of the rules on AWS's bill that their examples do not reach."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.facts.inventory import InventorySnapshot, ServiceGap
from domain.facts.resource import Resource, ResourceKind
from domain.remediation.remedy import NoPlan
from domain.rules.aws import ebs_io, ebs_snapshot, ec2_offhours, rds_support, vpc
from domain.rules.judgement import judge_inventory
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW, instance, volume

MIDNIGHT = NOW.replace(hour=0, minute=0, second=0, microsecond=0)


def busy_volume(rates: list[float], **config) -> Resource:
    """One hour at each of these rates, in operations a second, all of them reads."""
    hours = [(MIDNIGHT + timedelta(hours=number)).isoformat() for number in range(len(rates))]
    reads = {hour: rate * 3600 for hour, rate in zip(hours, rates, strict=True)}
    metrics = {"VolumeReadOps.Sum": reads, "VolumeWriteOps.Sum": dict.fromkeys(hours, 0)}
    return volume(VolumeType="io2", Size=100, Iops=1000, Metrics=metrics, **config)


def context(**parameters) -> RuleContext:
    return RuleContext(now=NOW, parameters=parameters)


@pytest.mark.parametrize(
    ("rates", "fires"),
    [
        ([499.9] * 200, True),
        ([500.0] * 200, False),
        ([10.0] * 198 + [900.0] * 2, True),  # two of 200 hours are the one percent that may be busier
        ([10.0] * 197 + [900.0] * 3, False),
    ],
)
def test_volume_is_hardly_used_when_99_of_100_hours_need_less_than_half(rates, fires):
    assert (ebs_io.is_overprovisioned(busy_volume(rates), context(lookback_days=8)) is not None) is fires


def test_gp3_is_given_twice_the_busiest_hour_and_the_bytes_of_as_many_large_operations():
    busy = busy_volume([100.0] * 199 + [2000.0])

    step = ebs_io.make_gp3(busy, context())[0]
    seen = ebs_io.is_overprovisioned(busy, context(lookback_days=8))

    # Each operation moves 256 KiB at most.
    assert (step.call.arguments["Iops"], step.call.arguments["Throughput"]) == (4000, 1000)
    # It costs 12.50 for its size and 65.00 for its operations; gp3 costs 8.00, and 5.00 and 35.00 for its speed.
    assert seen.estimated_monthly_saving.amount == Decimal("29.50")


def test_snapshot_is_no_orphan_while_the_volumes_of_its_region_were_not_read():
    old = Resource(
        kind=ResourceKind.AWS_EBS_SNAPSHOT,
        native_id="snap-1",
        name="snap-1",
        region="us-east-1",
        created_at=NOW - timedelta(days=400),
        config={"VolumeId": "vol-1", "VolumeSize": 8, "StartTime": "2025-01-01"},
    )
    gap = ServiceGap(
        service="ec2", region="us-east-1", reason="Refused.", unlisted=frozenset({ResourceKind.AWS_EBS_VOLUME})
    )

    def verdicts(*gaps: ServiceGap) -> list[str]:
        snapshot = InventorySnapshot(account_native_id="1", resources=(old,), incomplete=gaps)
        judged = judge_inventory([ebs_snapshot.ORPHAN], snapshot, RuleContext(now=NOW))
        return [one.verdict.value for one in judged.judgements]

    assert verdicts() == ["FIRES"]
    assert verdicts(gap) == ["UNKNOWN"]


@pytest.mark.parametrize(
    ("chosen", "start", "stop"),
    [
        ({"on_hours_week": 55}, "cron(0 8 ? * MON-FRI *)", "cron(0 19 ? * MON-FRI *)"),
        ({"on_hours_week": 56}, "cron(0 8 ? * MON-FRI *)", "cron(12 19 ? * MON-FRI *)"),
        ({"on_hours_week": 115}, "cron(59 0 ? * MON-FRI *)", "cron(59 23 ? * MON-FRI *)"),
        ({"on_hours_week": 50, "start_time": "07:30"}, "cron(30 7 ? * MON-FRI *)", "cron(30 17 ? * MON-FRI *)"),
    ],
)
def test_hours_of_a_week_are_spread_over_five_workdays(chosen, start, stop):
    stopping, starting, _ = ec2_offhours.schedule(instance(), _with_role(chosen))

    assert starting.call.arguments["ScheduleExpression"] == start
    assert stopping.call.arguments["ScheduleExpression"] == stop


def test_hours_are_those_of_the_chosen_time_zone():
    stopping, starting, _ = ec2_offhours.schedule(instance(), _with_role({"time_zone": "Europe/Berlin"}))

    assert [one.call.arguments["ScheduleExpressionTimezone"] for one in (starting, stopping)] == ["Europe/Berlin"] * 2
    assert "08:00 Europe/Berlin" in starting.says


def test_unknown_time_zone_gives_no_plan():
    with pytest.raises(NoPlan, match="no time zone Berlin"):
        ec2_offhours.schedule(instance(), _with_role({"time_zone": "Berlin"}))


def _with_role(chosen):
    trust = {"Statement": [{"Principal": {"Service": ec2_offhours.SERVICE}}]}
    role = Resource(
        kind=ResourceKind.AWS_IAM_ROLE,
        native_id="role",
        name=ec2_offhours.ROLE,
        config={"Arn": "arn:aws:iam::123456789012:role/cloudwatcher-scheduler", "AssumeRolePolicyDocument": trust},
    )
    parameters = ec2_offhours.ALWAYS_ON.settings(chosen)
    return RuleContext(now=NOW, parameters=parameters, resources={(role.kind, "role"): role})


def test_upgrade_goes_to_the_highest_version_by_number_not_by_text():
    versions = [{"EngineVersion": one, "IsMajorVersionUpgrade": True} for one in ("9.6.24", "16.4", "16.10")]
    old = Resource(
        kind=ResourceKind.AWS_RDS_INSTANCE,
        native_id="orders",
        name="orders",
        config={
            "DBInstanceIdentifier": "orders",
            "EngineVersion": "12.19",
            "EngineVersions": [{"EngineVersion": "12.19", "ValidUpgradeTarget": versions}],
        },
    )

    _, upgrading = rds_support.upgrade(old, context())

    assert upgrading.call.arguments["EngineVersion"] == "16.10"


def test_traffic_of_all_gateways_of_a_vpc_counts_over_the_days_that_were_measured():
    days = {f"2026-06-{day:02}T00:00:00+00:00": 2.0**30 for day in range(1, 15)}
    gateways = [
        Resource(
            kind=ResourceKind.AWS_NAT_GATEWAY,
            native_id=f"nat-{number}",
            name="out",
            region="us-east-1",
            config={"VpcId": "vpc-1", "Metrics": {"BytesOutToDestination.Sum": days}},
        )
        for number in (1, 2)
    ]
    own = Resource(kind=ResourceKind.AWS_VPC, native_id="vpc-1", name="main", region="us-east-1")
    given = RuleContext(now=NOW, resources={(one.kind, one.native_id): one for one in gateways})

    seen = vpc.pays_for_gateway_traffic(own, given)

    # 2 GB a day * 30.4167 = 60.83 a month, * 0.3 * 0.045
    assert seen.observed["gb_through_nat_a_month"] == 60.83
    assert seen.estimated_monthly_saving.amount == Decimal("0.82")
