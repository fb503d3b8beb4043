"""Every detector does on its own examples what it says it does, and stands where its id says."""

from importlib import import_module

import pytest

from domain.detection.judgement import judge
from domain.detectors.registry import all_detectors, get_detector
from domain.facts.provider import Provider

DETECTORS = [pytest.param(detector, id=detector.id) for detector in all_detectors()]
EXAMPLES = [
    pytest.param(detector, example, id=f"{detector.id}-{number}-{'fires' if example.is_firing else 'quiet'}")
    for detector in all_detectors()
    for number, example in enumerate(detector.examples)
]
FIRING = [param for param in EXAMPLES if param.values[1].is_firing]


@pytest.mark.parametrize(("detector", "example"), EXAMPLES)
def test_detector_fires_exactly_on_the_examples_that_say_so(detector, example):
    sighting = detector.check(example.event, example.context)

    assert (sighting is not None) == example.is_firing


@pytest.mark.parametrize(("detector", "example"), FIRING)
def test_what_was_seen_is_a_sentence_no_worse_than_the_detector_says(detector, example):
    sighting = detector.check(example.event, example.context)

    assert sighting.message
    assert "None" not in sighting.message
    assert (sighting.severity or detector.severity).rank >= detector.severity.rank


@pytest.mark.parametrize(("detector", "example"), FIRING)
def test_detector_is_heard_when_all_are_asked(detector, example):
    recalled = {detector.id: example.context.recalled}

    verdicts = judge(all_detectors(), example.event, example.context.accounts, recalled)

    assert detector.id in {verdict.detector.id for verdict in verdicts}


@pytest.mark.parametrize("detector", DETECTORS)
def test_detector_stands_in_the_file_that_its_id_names(detector):
    module = import_module(f"domain.detectors.{detector.id.replace('-', '_')}")

    assert module.DETECTOR is detector


@pytest.mark.parametrize("detector", DETECTORS)
def test_what_is_told_of_a_detector_is_written_out(detector):
    assert detector.blind_spots.endswith(".")
    assert detector.source
    assert not detector.title.endswith(".")


def test_unknown_id_is_a_key_error():
    assert get_detector("trail-stopped").providers == (Provider.AWS,)
    with pytest.raises(KeyError):
        get_detector("ghost-seen")
