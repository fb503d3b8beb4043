"""Who is asked about an event, and what the alert that follows is called."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from domain.detection.detector import Detector, Recollection, Sighting, Trace, mark_of
from domain.detection.example import AT, call, fires, quiet, told
from domain.detection.judgement import (
    LONGEST_FINGERPRINT,
    Verdict,
    ended_by,
    fingerprint_of,
    judge,
    resource_of,
    traces_of,
)
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind
from domain.facts.severity import Severity

EVENT = call("CreateUser", resources=("ann",))


SEEN = Sighting(message="Seen.")


def detector(id: str = "a-test", says: Sighting | None = SEEN, **fields: object) -> Detector:
    given = {
        "id": id,
        "title": "A test",
        "severity": Severity.LOW,
        "source": "This test",
        "blind_spots": "All.",
        "check": lambda event, context: says,
        "examples": (fires(EVENT), quiet(EVENT)),
        **fields,
    }
    return Detector(**given)


def test_a_general_detector_is_asked_only_where_no_other_has_anything_to_say():
    special, general = detector("a-special"), detector("b-general", is_general=True)
    silent = detector("c-silent", says=None)

    both = judge((general, special), EVENT)
    alone = judge((general, silent), EVENT)

    assert [verdict.detector.id for verdict in both] == ["a-special"]
    assert [verdict.detector.id for verdict in alone] == ["b-general"]
    assert judge((silent,), EVENT) == ()


def test_a_detector_is_asked_only_about_events_of_its_providers():
    elsewhere = detector(providers=(Provider.OKTA,))

    assert judge((elsewhere,), EVENT) == ()


def test_a_detector_is_told_the_accounts_and_what_it_had_remembered_itself():
    seen = []
    asked = detector(check=lambda event, context: seen.append(context))
    own, other = Recollection(frozenset({"x"}), AT), Recollection(frozenset({"y"}), AT)

    judge((asked,), EVENT, frozenset({"1"}), {"a-test": own, "b-other": other})

    assert seen[0].accounts == {"1"}
    assert seen[0].recalled == own


def test_traces_are_those_that_detectors_leave_and_that_have_marks():
    window = timedelta(minutes=1)
    left = detector("a-left", trace=lambda event: Trace("s", frozenset({"m"})), window=window)
    empty = detector("b-empty", trace=lambda event: Trace("s", frozenset()), window=window)
    none = detector("c-none", trace=lambda event: None, window=window)
    elsewhere = left.model_copy(update={"id": "d-elsewhere", "providers": (Provider.OKTA,)})

    assert traces_of((left, empty, none, elsewhere, detector()), EVENT) == {"a-left": Trace("s", frozenset({"m"}))}


def test_what_merely_happens_is_named_by_who_did_what_to_which_thing():
    named = fingerprint_of("acc", EVENT, Verdict(detector(), Sighting(message="Seen.")))
    own = fingerprint_of("acc", EVENT, Verdict(detector(), Sighting(message="Seen.", resource="bob")))
    grouped = fingerprint_of("acc", EVENT, Verdict(detector(), Sighting(message="Seen.", is_grouped=True)))

    who = "arn:aws:iam::123456789012:user/ann"
    assert named == f"event:acc:a-test:{who}:ann"
    assert own == f"event:acc:a-test:{who}:bob"
    assert grouped == f"event:acc:a-test:{who}:"


def test_what_has_an_end_is_named_by_its_cause_whatever_detector_sees_it():
    alarm = told(EventKind.ALARM, cause="alarm:cpu")

    assert fingerprint_of("acc", alarm, Verdict(detector(), Sighting(message="Seen."))) == "event:acc:alarm:cpu"
    assert ended_by("acc", "alarm:cpu") == "event:acc:alarm:cpu"


def test_an_event_about_nothing_by_nobody_has_a_name_too():
    event = told(EventKind.API_CALL)
    verdict = Verdict(detector(), Sighting(message="Seen."))

    assert fingerprint_of("acc", event, verdict) == "event:acc:a-test::"
    assert resource_of(event, verdict) is None


def test_long_names_stay_short_and_different():
    first, second = (ended_by("acc", "x" * 500 + end) for end in "ab")

    assert first != second
    assert len(first) <= LONGEST_FINGERPRINT
    assert ended_by("acc", "x" * 100) == f"event:acc:{'x' * 100}"


def test_marks_are_short_and_the_same_for_the_same_text():
    assert mark_of("a" * 1000) == mark_of("a" * 1000) != mark_of("b")
    assert len(mark_of("\ud800")) == 24


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"examples": (fires(EVENT),)}, "one example that fires"),
        ({"id": "Trail"}, "id"),
        ({"trace": lambda event: None}, "needs a window"),
        ({"window": timedelta(1)}, "needs a window"),
    ],
)
def test_a_detector_that_is_not_whole_is_refused(fields, problem):
    with pytest.raises(ValidationError, match=problem):
        detector(**fields)
