"""Which signals become one incident: in any order, one by one, within bounds, and as people have decided."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts.alert import AlertCategory
from domain.facts.incident import DecisionKind
from domain.incidents.cluster import COINCIDENCES, LONGEST
from domain.incidents.correlate import LINKS_EACH, RARE, Change, Incident, correlate
from domain.incidents.link import Decision
from domain.incidents.signal import Signal
from tests.factories.signals import cost, fault, happening

APART, TOGETHER = DecisionKind.APART, DecisionKind.TOGETHER
NAMES = st.sampled_from([None, "n-1", "n-2", "n-3"])


@st.composite
def strong_signals(draw: st.DrawFn) -> list[Signal]:
    """Signals that may be joined by resources and principals, but by nothing weak."""
    count = draw(st.integers(0, 12))
    return [
        draw(st.sampled_from([happening, fault, cost]))(
            str(number), draw(st.integers(-400, 400)), resource=draw(NAMES), principal=draw(NAMES)
        )
        for number in range(count)
    ]


@st.composite
def few_in_a_place(draw: st.DrawFn) -> list[Signal]:
    """What may meet by coincidence, too: so few in each region, and so near, that no bound is met."""
    found = []
    for region in ("r-1", "r-2"):
        for number in range(draw(st.integers(0, 4))):
            make = draw(st.sampled_from([happening, cost]))
            place = {"region": region, "principal": draw(NAMES), "account": region}
            found.append(make(f"{region}-{number}", draw(st.integers(0, 40)), **place))
    return found


def groups(changes: Iterable[Change]) -> set[frozenset[str]]:
    return {frozenset(change.signals) for change in changes}


def fed(signals: Sequence[Signal]) -> list[Incident]:
    """The incidents after the signals have come one by one, each with all that came before it around it."""
    incidents: list[Incident] = []
    for number, signal in enumerate(signals):
        seen = signals[: number + 1]
        for change in correlate(seen, incidents, fresh={signal.id}):
            gone = {change.incident, *change.absorbed}
            before = [incident for incident in incidents if incident.id in gone]
            ids = frozenset(change.signals).union(*(incident.members for incident in before))
            timed = [one.at for one in seen if one.id in ids and not one.is_standing]
            oldest = min((incident.number for incident in before), default=number)
            kept = [incident for incident in incidents if incident.id not in gone]
            merged = Incident(
                id=f"incident:{oldest}",
                number=oldest,
                members=ids,
                first_at=min(timed, default=None),
                last_at=max(timed, default=None),
                coincidences=change.coincidences,
            )
            incidents = [*kept, merged]
    return incidents


def stands(id: str, *signals: Signal, number: int = 1) -> Incident:
    timed = [one.at for one in signals if not one.is_standing]
    return Incident(
        id=id,
        number=number,
        members=frozenset(one.id for one in signals),
        first_at=min(timed, default=None),
        last_at=max(timed, default=None),
    )


@given(st.data())
def test_whatever_order_they_come_in_the_incidents_and_their_links_are_the_same(data: st.DataObject) -> None:
    signals = data.draw(st.one_of(strong_signals(), few_in_a_place()))
    shuffled = data.draw(st.permutations(signals))

    assert correlate(shuffled) == correlate(signals)


@given(st.data())
def test_one_by_one_in_any_order_comes_to_the_same_as_all_at_once(data: st.DataObject) -> None:
    signals = data.draw(st.one_of(strong_signals(), few_in_a_place()))
    shuffled = data.draw(st.permutations(signals))

    assert {incident.members for incident in fed(shuffled)} == groups(correlate(signals))


@given(st.one_of(strong_signals(), few_in_a_place()))
def test_the_links_of_an_incident_connect_all_of_it_and_stay_few(signals: list[Signal]) -> None:
    for change in correlate(signals):
        ids, reached = set(change.signals), {change.signals[0]}
        for _ in ids:
            reached |= {end for link in change.links if {link.a, link.b} & reached for end in (link.a, link.b)}
        assert reached == ids
        assert len(change.links) <= len(ids) - 1 + LINKS_EACH * len(ids)
        assert all(link.reason.endswith(".") for link in change.links)


@given(
    st.lists(st.floats(0, 20), min_size=RARE + 1, max_size=20),
    st.lists(st.floats(0, 20), min_size=RARE + 1, max_size=20),
)
def test_two_noisy_streams_in_one_place_stay_apart(scans: list[float], jumps: list[float]) -> None:
    place = {"region": "r-1", "service": "ec2"}
    signals = [happening(f"s{number}", hours, **place) for number, hours in enumerate(scans)]
    signals += [cost(f"c{number}", hours, **place) for number, hours in enumerate(jumps)]

    assert correlate(signals) == ()


@given(
    st.lists(st.floats(0, 240), min_size=2, max_size=40),
    st.lists(st.floats(0, 240), min_size=2, max_size=40),
)
def test_coincidences_never_chain_beyond_their_bounds(scans: list[float], jumps: list[float]) -> None:
    signals = [happening(f"s{number}", hours, region="r-1") for number, hours in enumerate(scans)]
    signals += [cost(f"c{number}", hours, region="r-1") for number, hours in enumerate(jumps)]
    at = {signal.id: signal.at for signal in signals}

    for members in [*groups(correlate(signals)), *(one.members for one in fed(sorted(signals, key=lambda s: s.place)))]:
        times = [at[id] for id in members]
        assert len(members) <= COINCIDENCES + 1
        assert max(times) - min(times) <= LONGEST


def test_a_month_of_one_event_a_day_is_no_single_incident() -> None:
    month = [(happening if day % 2 else cost)(str(day), day * 20, region="r-1") for day in range(30)]

    found = groups(correlate(month))

    assert max(map(len, found)) <= 3  # 48 hours hold three that are 20 hours apart


def test_many_alerts_about_one_intruder_are_one_story_that_a_cost_may_meet() -> None:
    intruder = [happening(str(number), number / 100, principal="eve", region="r-1") for number in range(50)]

    (change,) = correlate([*intruder, cost("jump", 1, region="r-1")])

    assert len(change.signals) == 51
    assert change.coincidences == 1


def test_a_signal_that_nothing_links_is_no_incident() -> None:
    assert correlate([happening("a", resource="i-1", region="r-1", principal="eve")]) == ()
    assert correlate([]) == ()


def test_the_example_is_one_incident_with_a_reason_for_each_pair() -> None:
    key = happening("Unusual access key", principal="AKIA1", region="ap-south-2")
    machines = happening("Instances in a new region", 0.2, principal="AKIA1", region="ap-south-2", resource="i-1")
    jump = cost("Cost jump", 6, region="ap-south-2")

    (change,) = correlate([jump, machines, key])

    assert change.signals == (key.id, machines.id, jump.id)
    assert [(link.a, link.b, link.rule) for link in change.links] == [
        (key.id, machines.id, "same-principal"),
        (key.id, jump.id, "same-region"),
        (machines.id, jump.id, "same-region"),
    ]
    assert change.links[0].reason == "Both were done by AKIA1, 12 min apart."
    assert change.links[1].reason == "SECOPS and FINOPS in ap-south-2 of the same account, 6 h apart."


def test_a_new_signal_goes_into_the_incident_that_it_is_linked_to() -> None:
    old, new = happening("old", resource="i-1"), happening("new", 1, resource="i-1")

    (change,) = correlate([old, new], [stands("I", old)], fresh={new.id})

    assert (change.incident, change.absorbed, change.signals) == ("I", (), (new.id,))
    assert [link.b for link in change.links] == [new.id]


def test_two_incidents_that_a_signal_connects_go_on_as_the_older_one() -> None:
    a, b = happening("a", resource="i-1"), happening("b", resource="i-2")
    bridge = happening("c", 1, resource="i-1", principal="eve")
    other = happening("d", 1, resource="i-2", principal="eve")

    (change,) = correlate(
        [a, b, bridge, other],
        [stands("young", a, number=7), stands("old", b, number=3)],
        fresh={bridge.id, other.id},
    )

    assert (change.incident, change.absorbed) == ("old", ("young",))
    assert change.signals == (bridge.id, other.id)


def test_an_incident_that_nothing_new_is_linked_to_does_not_change() -> None:
    old, lone = happening("old", resource="i-1"), happening("lone", resource="i-2")

    assert correlate([old, lone], [stands("I", old)], fresh={lone.id}) == ()


def test_what_was_compared_before_is_not_compared_again() -> None:
    a, b = happening("a", resource="i-1"), happening("b", resource="i-1")

    assert correlate([a, b], fresh=set()) == ()


@pytest.mark.parametrize("sides", [("a", "b"), ("b", "a")])
def test_what_people_have_split_stays_split_whatever_links_them(sides: tuple[str, str]) -> None:
    a, b = happening("a", resource="i-1"), happening("b", 1, resource="i-1")
    bridge = happening("c", 3, resource="i-1")
    apart = [Decision(APART, *(f"alert:{side}" for side in sides))]

    (change,) = correlate([a, b, bridge], [stands("I", a), stands("J", b, number=2)], apart, fresh={bridge.id})

    # It is nearer to b, so it goes there.
    assert (change.incident, change.absorbed, change.signals) == ("J", (), (bridge.id,))


def test_what_people_have_split_does_not_meet_by_coincidence_either() -> None:
    a, b = happening("a", region="r-1"), cost("b", region="r-1")

    assert correlate([a, b], decisions=[Decision(APART, a.id, b.id)]) == ()


def test_what_people_have_put_together_is_together_without_a_link() -> None:
    a, b = happening("a"), happening("b", account="B")

    (change,) = correlate([a, b], decisions=[Decision(TOGETHER, a.id, b.id)])

    assert (change.signals, change.links) == ((a.id, b.id), ())


def test_what_is_put_together_in_a_ring_is_one_incident() -> None:
    a, b, c = happening("a"), happening("b"), happening("c")
    ring = [Decision(TOGETHER, a.id, b.id), Decision(TOGETHER, b.id, c.id), Decision(TOGETHER, a.id, c.id)]

    assert groups(correlate([a, b, c], decisions=ring)) == {frozenset({a.id, b.id, c.id})}


def test_the_last_decision_about_two_holds() -> None:
    a, b = happening("a", resource="i-1"), happening("b", resource="i-1")
    split, merged = Decision(APART, a.id, b.id), Decision(TOGETHER, b.id, a.id)

    assert correlate([a, b], decisions=[merged, split]) == ()
    assert len(correlate([a, b], decisions=[split, merged])) == 1


def test_a_decision_about_what_is_not_in_play_changes_nothing() -> None:
    a, b = happening("a", resource="i-1"), happening("b", resource="i-1")
    about_others = [Decision(kind, a.id, f"alert:{kind}") for kind in DecisionKind]

    assert correlate([a, b], decisions=about_others) == correlate([a, b])


@given(st.data())
def test_what_people_have_decided_holds_among_any_signals(data: st.DataObject) -> None:
    signals = data.draw(strong_signals())
    pairs = list(pairwise(signal.id for signal in signals))
    decisions = [Decision(data.draw(st.sampled_from([APART, TOGETHER])), a, b) for a, b in pairs[::2]]

    found = correlate(signals, decisions=decisions)

    of = {id: number for number, change in enumerate(found) for id in change.signals}
    for one in decisions:
        is_together = one.a in of and of[one.a] == of.get(one.b)
        assert is_together is (one.kind is TOGETHER)


def test_an_incident_that_has_met_often_enough_meets_nothing_more() -> None:
    met = happening("met", region="r-1")
    full = Incident(
        id="I",
        number=1,
        members=frozenset({met.id}),
        first_at=met.at,
        last_at=met.at,
        coincidences=COINCIDENCES,
    )
    jump = cost("jump", 1, region="r-1")

    assert correlate([met, jump], [full], fresh={jump.id}) == ()


def test_an_incident_of_faults_alone_has_no_span_that_bounds_it() -> None:
    standing = fault("f", -5000, resource="i-1")
    event = happening("e", resource="i-1", region="r-1")
    jump = cost("jump", 1, region="r-1", category=AlertCategory.FINOPS)

    (change,) = correlate([standing, event, jump], [stands("I", standing)], fresh={event.id, jump.id})

    assert change.signals == (event.id, jump.id)
