from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.facts.money import Money
from domain.rules.aws import ec2
from domain.rules.aws_instance import stopped_since
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW, address, days_ago, instance, volume

SECOND = 1 / 86400


def context(min_days: int, related=(), **given):
    resources = {(one.kind, one.native_id): one for one in related}
    return RuleContext(now=NOW, parameters={"min_days": min_days}, resources=resources, **given)


def disks(*volume_ids: str) -> list[dict]:
    return [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeId": volume_id}} for volume_id in volume_ids]


@pytest.mark.parametrize(("stopped", "fires"), [(60, False), (60 + 2 * SECOND, True), (59, False), (None, False)])
def test_instance_counts_once_it_is_stopped_longer_than_min_days(stopped, fires):
    observation = ec2.is_stopped_long(instance(stopped=stopped), context(60))

    assert (observation is not None) is fires


def test_saving_of_a_stopped_instance_is_that_of_all_its_volumes():
    stopped = instance(stopped=90, BlockDeviceMappings=disks("vol-1", "vol-2"))
    volumes = [volume("vol-1", Size=50), volume("vol-2", Size=100)]
    bills = {"vol-2": Money(amount=Decimal("11.00"), currency="USD")}

    observation = ec2.is_stopped_long(stopped, context(60, volumes, bills=bills))

    # 50 GiB * 0.08 + 11.00 - 150 GiB * 0.05
    assert observation.estimated_monthly_saving == Money(amount=Decimal("7.50"), currency="USD")


def test_instance_with_a_volume_that_is_not_listed_has_no_estimate():
    stopped = instance(stopped=90, BlockDeviceMappings=[*disks("vol-1", "vol-9"), {"DeviceName": "ephemeral0"}])

    observation = ec2.is_stopped_long(stopped, context(60, [volume("vol-1")]))

    assert observation is not None
    assert observation.estimated_monthly_saving is None


@pytest.mark.parametrize("zone", ["GMT", "UTC"])
def test_stop_time_is_read_from_the_reason_in_utc(zone):
    stopped = instance(stopped=1, StateTransitionReason=f"User initiated (2026-04-01 08:30:05 {zone})")

    assert stopped_since(stopped) == datetime(2026, 4, 1, 8, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "reason",
    [None, "", "User initiated", "Server.ScheduledStop", "User initiated (2026-13-45 08:30:05 GMT)"],
)
def test_reason_without_a_time_gives_none(reason):
    assert stopped_since(instance(stopped=1, StateTransitionReason=reason)) is None


def test_reason_of_a_running_instance_is_an_old_story():
    running = instance(StateTransitionReason="User initiated (2026-04-01 08:30:05 GMT)")

    assert stopped_since(running) is None


@pytest.mark.parametrize(("days", "fires"), [(7, True), (7 - SECOND, False), (8, True), (0, False)])
def test_address_counts_from_min_days_after_the_change_that_was_seen(days, fires):
    observation = ec2.is_unassociated(address(), context(7, changed_at={"eipalloc-1": days_ago(days)}))

    assert (observation is not None) is fires


def test_address_unused_at_the_first_look_counts_at_once():
    observation = ec2.is_unassociated(address(), context(7))

    # 730 hours * 0.005
    assert observation.estimated_monthly_saving == Money(amount=Decimal("3.65"), currency="USD")
    assert observation.observed["since"] is None


@pytest.mark.parametrize("config", [{"AssociationId": "eipassoc-1"}, {"NetworkInterfaceId": "eni-1"}])
def test_address_in_use_is_left_alone(config):
    assert ec2.is_unassociated(address(**config), context(7)) is None
