"""What joins two signals, with the reason as a person reads it, and what just does not."""

from itertools import chain

import pytest

from domain.facts.alert import AlertCategory, AlertSource
from domain.incidents.cloud_service import service_in, service_of
from domain.incidents.correlate import correlate
from domain.incidents.link import Link, length
from domain.incidents.rules import RULES
from domain.incidents.signal import Signal
from tests.factories.signals import NOON, cost, fault, happening

KEY = "AKIAIOSFODNN7EXAMPLE"
OPERATIONS = {"category": AlertCategory.OPERATIONS, "source": AlertSource.SYNC}


def links(*signals: Signal) -> list[Link]:
    return list(chain.from_iterable(change.links for change in correlate(signals)))


def told(*signals: Signal) -> list[tuple[str, str]]:
    return [(link.rule, link.reason) for link in links(*signals)]


def test_two_that_happened_to_one_resource_within_a_day_belong_together() -> None:
    assert told(happening("a", resource="vol-1"), happening("b", 3, resource="vol-1")) == [
        ("same-resource", "Both happened to vol-1, 3 h apart.")
    ]
    assert told(happening("a", resource="vol-1"), happening("b", 24.1, resource="vol-1")) == []
    assert told(happening("a", resource="vol-1"), happening("b", resource="vol-2")) == []


def test_one_native_id_in_two_accounts_is_two_resources() -> None:
    assert told(happening("a", resource="default"), happening("b", resource="default", account="B")) == []


def test_what_happens_to_a_resource_joins_the_fault_it_has_whenever_that_was_seen() -> None:
    assert told(fault("Bucket is public", -900, resource="b-1"), happening("read", resource="b-1")) == [
        ("same-resource", "It happened to b-1, which has an open fault since 2026-10-18: Bucket is public.")
    ]
    assert told(happening("read", resource="b-1"), fault("late", 900, resource="b-1"))[0][0] == "same-resource"


def test_two_faults_of_a_resource_join_only_when_they_are_of_two_kinds() -> None:
    wasteful = {"category": AlertCategory.FINOPS, "resource": "vol-1"}

    assert told(fault("a", resource="vol-1"), fault("b", resource="vol-1")) == []
    assert told(fault("a", resource="vol-1"), fault("b", 1, **wasteful)) == [
        ("same-resource", "vol-1 has a fault of SECOPS and one of FINOPS.")
    ]


def test_what_one_principal_does_within_a_day_belongs_together() -> None:
    assert told(happening("a", principal="eve"), happening("b", 0.2, principal="eve")) == [
        ("same-principal", "Both were done by eve, 12 min apart.")
    ]
    assert told(happening("a", principal="eve"), happening("b", 25, principal="eve")) == []


@pytest.mark.parametrize("name", ["eve@example.com", "arn:aws:iam::1:user/eve", KEY])
def test_a_name_that_is_unique_everywhere_joins_accounts(name: str) -> None:
    assert len(links(happening("a", principal=name), happening("b", principal=name, account="B"))) == 1


def test_a_name_that_each_account_has_does_not() -> None:
    assert told(happening("a", principal="root"), happening("b", principal="root", account="B")) == []


@pytest.mark.parametrize(
    "service",
    [
        "autoscaling.amazonaws.com",
        "1@cloudservices.gserviceaccount.com",
        "service-1@gcp-sa-x.iam.gserviceaccount.com",
        "system:node",
    ],
)
def test_who_acts_for_everybody_joins_nothing(service: str) -> None:
    assert told(happening("a", principal=service), happening("b", principal=service)) == []
    assert told(happening("a", resource=service), happening("b", principal=service)) == []


def test_a_key_that_was_made_and_then_used_is_one_story_for_a_week() -> None:
    made = happening("made", resource=KEY, principal="dev")

    assert told(made, happening("used", 50, principal=KEY)) == [
        ("principal-as-resource", f"{KEY} was made or changed, and acted 2 d later.")
    ]
    assert told(made, happening("used", 7 * 24 + 1, principal=KEY)) == []
    assert told(made, happening("used", -1, principal=KEY)) == []


def test_a_user_with_an_open_fault_who_acts_is_one_story_whenever_it_was_seen() -> None:
    assert told(fault("No MFA", -2400, resource="arn:1:eve"), happening("x", principal="arn:1:eve")) == [
        ("principal-as-resource", "arn:1:eve acted, and has an open fault since 2026-08-16: No MFA.")
    ]


def test_a_user_of_another_account_with_the_same_name_is_another_one() -> None:
    assert told(happening("made", resource="eve"), happening("used", 1, principal="eve", account="B")) == []


def test_cost_and_security_in_one_region_of_an_account_meet_for_a_day() -> None:
    breach = happening("breach", region="r-1")

    assert told(breach, cost("jump", 20, region="r-1")) == [
        ("same-region", "SECOPS and FINOPS in r-1 of the same account, 20 h apart.")
    ]
    assert told(breach, cost("jump", 25, region="r-1")) == []
    assert told(breach, cost("jump", region="r-2")) == []
    assert told(breach, cost("jump", region="r-1", account="B")) == []


def test_without_cost_a_region_joins_for_two_hours_only() -> None:
    rule = {"category": AlertCategory.COMPLIANCE, "region": "r-1"}

    assert len(links(happening("a", region="r-1"), happening("b", 2, **rule))) == 1
    assert links(happening("a", region="r-1"), happening("b", 2.1, **rule)) == []


def test_two_of_one_kind_in_a_region_do_not_meet() -> None:
    assert told(happening("a", region="r-1"), happening("b", region="r-1")) == []


def test_cost_and_security_of_one_service_of_an_account_meet() -> None:
    assert told(happening("a", service="ec2"), cost("b", 1, service="ec2")) == [
        ("same-service", "Cost and security of ec2 in the same account, 1 h apart.")
    ]
    assert told(happening("a", service="ec2"), cost("b", 25, service="ec2")) == []
    assert told(happening("a", service="ec2"), happening("b", service="ec2")) == []


def test_faults_that_were_seen_at_one_time_did_not_happen_at_one() -> None:
    wasteful = {"category": AlertCategory.FINOPS, "region": "r-1", "service": "ec2"}

    assert told(fault("a", region="r-1", service="ec2"), fault("b", **wasteful)) == []
    assert told(fault("a", region="r-1", service="ec2"), cost("b", region="r-1", service="ec2")) == []


def test_a_sync_that_fails_joins_nothing_by_its_account() -> None:
    failed = happening("sync", region="r-1", service="ec2", **OPERATIONS)

    assert told(failed, happening("a", region="r-1", service="ec2"), happening("s", 1, **OPERATIONS)) == []


def test_the_strongest_reason_is_the_one_that_is_told() -> None:
    both = {"region": "r-1", "service": "ec2", "resource": "i-1", "principal": "eve"}

    assert [link.rule for link in links(happening("a", **both), cost("b", **both))] == ["same-principal"]


def test_a_link_names_the_earlier_one_first_and_tells_when_it_came_about() -> None:
    (link,) = links(happening("late", 1, resource="i-1"), happening("early", resource="i-1"))

    assert (link.a, link.b) == ("alert:early", "alert:late")
    assert (link.at - NOON).total_seconds() == 3600


def test_every_rule_has_an_id_of_its_own_and_says_why_its_window_is_that_long() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.window and rule.because.endswith(".") for rule in RULES)
    # The strong ones first, because the first that fits is told.
    assert [rule.is_coincidence for rule in RULES] == sorted(rule.is_coincidence for rule in RULES)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Amazon EC2", "ec2"),
        ("AmazonEC2", "ec2"),
        ("ec2.amazonaws.com", "ec2"),
        ("Amazon Elastic Compute Cloud - Compute", "ec2"),
        ("AWS Lambda", "lambda"),
        ("compute.googleapis.com", "compute"),
        ("Microsoft.Compute", "microsoft.compute"),
        ("AWS", None),
        ("", None),
        (None, None),
    ],
)
def test_a_service_has_one_short_name(name: str | None, short: str | None) -> None:
    assert service_of(name) == short


@pytest.mark.parametrize(
    ("native_id", "short"),
    [
        ("arn:aws:s3:::bucket", "s3"),
        ("//compute.googleapis.com/projects/p/zones/z/instances/i", "compute"),
        (
            "/subscriptions/1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v",
            "microsoft.compute",
        ),
        ("vol-1", None),
        (None, None),
    ],
)
def test_a_native_id_names_its_service_where_it_holds_one(native_id: str | None, short: str | None) -> None:
    assert service_in(native_id) == short


@pytest.mark.parametrize(
    ("hours", "words"), [(0, "0 s"), (0.01, "36 s"), (0.5, "30 min"), (47.9, "47 h"), (48, "2 d"), (-3, "3 h")]
)
def test_lengths_are_told_cut_to_the_whole(hours: float, words: str) -> None:
    assert length(happening("x", hours).at - NOON) == words
