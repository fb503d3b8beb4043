"""Goals are met or not by the medians of a run, and a run that does not tell says nothing."""

from typing import Any

from bench.goals import goals_section


def rounds(*rates: float) -> list[dict[str, float]]:
    return [{"rate": rate, "p95": rate / 10} for rate in rates]


def test_a_goal_is_judged_by_medians() -> None:
    http = {"list": {"ours": rounds(1, 150, 900), "mercurius": rounds(100), "bare": rounds(300)}}

    said = goals_section({"http": http})

    assert "| 100 × 10 list, against Mercurius with JIT | at least 1.5 × | 1.50 × | yes |" in said
    assert "| 100 × 10 list, against the bare limit | at least 0.6 × | 0.50 × | no |" in said
    assert "small query" not in said


def test_lateness_must_stay_below_its_goal() -> None:
    within = goals_section({"http": {"dashboard": {"ours": rounds(400, 500, 9000)}}})
    beyond = goals_section({"http": {"dashboard": {"ours": rounds(510)}}})

    assert "| 50.00 ms | yes |" in within
    assert "| 51.00 ms | no |" in beyond


def test_frames_are_compared_where_both_were_measured() -> None:
    ours, theirs = climb(180, {100: 5.0}), climb(100, {100: 20.0})

    assert "| 1.80 × | yes |" in goals_section({"fanout": {"1000": {"ours": ours, "mercurius": theirs}}})
    assert goals_section({"fanout": {"1000": {"ours": ours, "mercurius": climb(0, {})}}}) == ""


def test_lateness_is_compared_at_the_fastest_pace_both_have_kept() -> None:
    ours, theirs = climb(400, {100: 1.0, 200: 30.0, 400: 90.0}), climb(200, {100: 10.0, 200: 20.0, 400: 1.0})

    said = goals_section({"fanout": {"5000": {"ours": ours, "mercurius": theirs}}})

    assert "| 5,000 sockets, p99 over Mercurius's at one pace | at most 1 × | 1.50 × | no |" in said


def climb(frames: float, late: dict[int, float]) -> list[dict[str, Any]]:
    return [{"frames": float(frames), "steps": [{"due": float(due), "p99": p99} for due, p99 in late.items()]}]
