"""Answers are compared by what they say, not by how they spell it; requests say how long they are."""

import json

import pytest

from bench.asking import BUSY
from bench.fanout import Climb, Step, ascend
from bench.load.frames import body_of
from bench.page import page
from bench.workloads import alike, ask


def test_the_same_instant_and_the_same_amount_are_alike_however_they_are_spelled():
    ours = {"at": "2026-01-01T00:00:01.500000Z", "sum": "1.50", "rows": [{"at": "2026-01-01T00:00:01Z"}]}
    theirs = {"at": "2026-01-01T00:00:01.500Z", "sum": "1.5", "rows": [{"at": "2026-01-01T00:00:01.000Z"}]}

    assert alike(ours) == alike(theirs)


def test_another_instant_amount_or_text_is_not_alike():
    assert alike("2026-01-01T00:00:01.5Z") != alike("2026-01-01T00:00:01.501Z")
    assert alike("1.5") != alike("1.05")
    assert alike("10") == "10"
    assert alike(["a", None]) != alike(["a"])


def test_a_request_carries_the_question_and_who_asks():
    request = ask("{ version }", "abc", {"x": 1})

    assert b"\r\nAuthorization: Bearer abc\r\n" in request
    body = body_of(request)
    assert f"Content-Length: {len(body)}\r\n".encode() in request
    assert json.loads(body) == {"query": "{ version }", "variables": {"x": 1}}
    assert b"Authorization" not in ask("{ version }", None)


def step(due, came, p99=10.0, closed=0):
    return Step(due, came, came / 2, p99 / 2, p99, closed, 1000, 0.5, 0.1)


def test_a_pace_is_kept_when_frames_come_in_time_and_no_socket_is_lost():
    assert step(1000, 990).is_kept
    assert not step(1000, 900).is_kept
    assert not step(1000, 1000, p99=1500).is_kept
    assert not step(1000, 1000, closed=1).is_kept


def test_the_best_pace_is_the_fastest_that_was_kept():
    climb = Climb(steps=[step(1000, 1000), step(2000, 1990), step(4000, 3000)])

    assert climb.frames == 1990
    assert Climb(steps=[step(1000, 100), step(1000, 200)]).frames == 100
    assert Climb(steps=[step(1000, 100)]).best is None


def server_that_keeps_up_to(most, asked):
    def at(rate):
        asked.append(rate)
        return step(rate, min(rate, most))

    return at


def test_the_pace_doubles_until_it_is_not_kept_and_then_closes_in():
    asked = []
    climb = Climb()

    ascend(climb, server_that_keeps_up_to(5.0, asked), 1.0)

    # The middle of 4 and 8 is the root of 32, that of 4 and the root of 32 is 4.76; a pace that fails is tried twice.
    assert asked == pytest.approx([1, 2, 4, 8, 8, 32**0.5, (4 * 32**0.5) ** 0.5])
    assert climb.frames == pytest.approx(4.757, abs=0.001)


def test_a_server_that_keeps_no_pace_is_asked_for_more_to_see_what_it_delivers_late():
    asked = []
    climb = Climb()

    ascend(climb, server_that_keeps_up_to(0.5, asked), 1.0)

    assert asked == [1.0, 1.0, 2.0, 4.0]
    assert climb.best is None
    assert climb.frames == 0.25


def figures(rate, cpu=0.1):
    shares = {"server_cpu": 0.9, "mongod_cpu": 0.2, "generator_cpu": cpu}
    return {"rate": rate, "p50": 1.0, "p95": 2.0, "p99": 3.0, **shares}


def test_the_page_begins_with_ratios_of_medians_and_warns_of_a_busy_generator():
    machine = {"taken_at": "now", "commit": "abc", "cores": 2, "processor": "x", "libraries": {"orjson": "1"}}
    rounds = {"ours": [figures(300), figures(100), figures(200)], "bare": [figures(400, cpu=BUSY + 0.1)]}
    results = {"machine": machine, "is_quick": False, "connections": 8, "http": {"list": rounds}}

    text = page(results, {}, ["list"])

    assert text.index("## Ratios") < text.index("0.50 ×") < text.index("## Over HTTP")
    assert "200 (100–300)" in text
    assert "above 85% of a processor on list: bare Starlette" in text
