from decimal import Decimal

import pytest

from domain.facts.money import Money
from domain.rules.aws import ebs, ebs_idle
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW, days_ago, instance, loose_volume, volume

SECOND = 1 / 86400


def context(min_days: int = 14, related=(), **given):
    resources = {(one.kind, one.native_id): one for one in related}
    return RuleContext(now=NOW, parameters={"min_days": min_days}, resources=resources, **given)


def usd(text: str) -> Money:
    return Money(amount=Decimal(text), currency="USD")


@pytest.mark.parametrize(("age", "fires"), [(14, False), (14 + SECOND, True), (13, False), (400, True)])
def test_unattached_volume_counts_after_min_days_and_not_at_them(age, fires):
    observation = ebs.is_unattached(loose_volume(age=age), context(min_days=14))

    assert (observation is not None) is fires


def test_days_count_from_the_change_that_was_seen_when_it_is_later_than_creation():
    old = loose_volume(age=400)

    fresh = ebs.is_unattached(old, context(changed_at={"vol-1": days_ago(2)}))
    stale = ebs.is_unattached(old, context(changed_at={"vol-1": days_ago(20)}))

    assert fresh is None
    assert stale is not None
    assert stale.observed["since"] == days_ago(20).isoformat()


def test_change_seen_before_creation_does_not_make_a_volume_older():
    observation = ebs.is_unattached(loose_volume(age=3), context(changed_at={"vol-1": days_ago(50)}))

    assert observation is None


@pytest.mark.parametrize(
    "config",
    [{"State": "creating"}, {"State": "deleting"}, {"Attachments": [{"InstanceId": "i-1"}]}],
    ids=["creating", "deleting", "attached"],
)
def test_volume_in_any_other_state_is_left_alone(config):
    assert ebs.is_unattached(loose_volume(**config), context()) is None


def test_volume_of_unknown_age_is_left_alone():
    ageless = loose_volume().model_copy(update={"created_at": None})

    assert ebs.is_unattached(ageless, context()) is None


def test_saving_of_an_unattached_volume_is_its_list_price_less_the_snapshot():
    observation = ebs.is_unattached(loose_volume(Size=200, VolumeType="gp2"), context())

    # 200 GiB * 0.10 - 200 GiB * 0.05
    assert observation.estimated_monthly_saving == usd("10.00")


def test_saving_follows_the_bill_where_there_is_one():
    observation = ebs.is_unattached(loose_volume(Size=200), context(bills={"vol-1": usd("27.31")}))

    # 27.31 - 200 GiB * 0.05
    assert observation.estimated_monthly_saving == usd("17.31")
    assert observation.saving_formula == "27.31 USD of storage - 200 GiB * 0.05 USD for snapshots"


def test_bill_in_another_currency_is_not_mixed_with_dollar_prices():
    bills = {"vol-1": Money(amount=Decimal("27.31"), currency="EUR")}

    observation = ebs.is_unattached(loose_volume(Size=200), context(bills=bills))

    # gp3: 200 GiB * 0.08 - 200 GiB * 0.05
    assert observation.estimated_monthly_saving == usd("6.00")


def test_saving_is_never_below_zero():
    observation = ebs.is_unattached(loose_volume(Size=200), context(bills={"vol-1": usd("3.00")}))

    assert observation.estimated_monthly_saving == usd("0.00")


def test_type_without_a_list_price_has_no_estimate_before_its_bill():
    observation = ebs.is_unattached(loose_volume(VolumeType="st1"), context())

    assert observation is not None
    assert observation.estimated_monthly_saving is None
    assert observation.saving_formula is None


@pytest.mark.parametrize(
    ("size", "saving"),
    [
        (100, "2.00"),  # 10.00 * 0.2
        (170, "3.40"),  # 17.00 * 0.2: the largest size that gp3's own speed equals
        (171, "0.00"),  # 17.10 * 0.2 - 125 * 0.04 = -1.58
        (250, "0.00"),  # 25.00 * 0.2 - 125 * 0.04
        (1000, "15.00"),  # 100 * 0.2 - 5: 3000 IOPS are included
        (2000, "20.00"),  # 200 * 0.2 - 3000 IOPS * 0.005 - 5
        (6000, "50.00"),  # 600 * 0.2 - 13000 IOPS * 0.005 - 5: gp2 stops at 16000 IOPS
    ],
)
def test_moving_to_gp3_pays_for_at_least_the_speed_gp2_had(size, saving):
    observation = ebs.is_gp2(volume(VolumeType="gp2", Size=size), context())

    assert observation.estimated_monthly_saving == usd(saving)


def test_moving_to_gp3_saves_a_fifth_of_the_bill():
    observation = ebs.is_gp2(volume(VolumeType="gp2"), context(bills={"vol-1": usd("12.40")}))

    assert observation.estimated_monthly_saving == usd("2.48")


@pytest.mark.parametrize("volume_type", ["gp3", "io1", "io2", "st1", "sc1", "standard"])
def test_other_types_are_not_moved(volume_type):
    assert ebs.is_gp2(volume(VolumeType=volume_type), context()) is None


@pytest.mark.parametrize(("stopped", "fires"), [(30, False), (30 + 2 * SECOND, True), (29, False), (None, False)])
def test_volume_counts_once_its_instance_is_stopped_longer_than_min_days(stopped, fires):
    observation = ebs_idle.serves_only_stopped_instances(volume(), context(30, [instance("i-1", stopped=stopped)]))

    assert (observation is not None) is fires


def test_volume_on_two_instances_counts_only_when_both_are_stopped():
    shared = volume(Attachments=[{"InstanceId": "i-1"}, {"InstanceId": "i-2"}])
    stopped, running = instance("i-1", stopped=90), instance("i-2")

    one = ebs_idle.serves_only_stopped_instances(shared, context(30, [stopped, running]))
    both = ebs_idle.serves_only_stopped_instances(shared, context(30, [stopped, instance("i-2", stopped=40)]))

    assert one is None
    assert both is not None
    assert both.observed["instances"] == ["i-1", "i-2"]
    assert both.observed["stopped_since"] == days_ago(40).isoformat()


def test_volume_of_an_instance_that_is_not_listed_is_left_alone():
    assert ebs_idle.serves_only_stopped_instances(volume(), context(30)) is None


def test_volume_that_is_attached_to_nothing_is_another_rules_business():
    assert ebs_idle.serves_only_stopped_instances(loose_volume(), context(30)) is None


def test_volume_on_a_stopped_instance_without_a_price_has_no_estimate():
    observation = ebs_idle.serves_only_stopped_instances(
        volume(VolumeType="io2"), context(30, [instance("i-1", stopped=90)])
    )

    assert observation.estimated_monthly_saving is None
