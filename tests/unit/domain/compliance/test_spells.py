"""Long histories fold into times in which the same was said; the newest stay, the rest is counted."""

from datetime import timedelta
from typing import Any

from domain.compliance.spells import MOST_SPELLS, CheckFolder, ItemFolder
from domain.facts.compliance import CheckStatus, Integration, Verdict
from tests.factories.audit_reports import FIRST, report


def row(seq: int, status: str, account: str = "a") -> dict[str, Any]:
    record = {"integration": "AWS", "account": account, "status": status}
    return {"seq": seq, "hash": f"{seq:064}", "at": FIRST + timedelta(hours=seq), "record": record}


def item(resource: str) -> dict[str, str]:
    return {"resource": resource, "verdict": "FAIL", "observed": "open", "expected": "closed"}


def test_checks_that_say_the_same_are_one_spell_for_each_account() -> None:
    folder = CheckFolder()
    for seq, status, account in ((1, "FAIL", "a"), (2, "PASS", "b"), (3, "FAIL", "a"), (4, "PASS", "a")):
        folder.add(row(seq, status, account))

    history = folder.end()

    assert [(one.account, one.first, one.last, one.checks) for one in history.spells] == [("a", 1, 3, 2)]
    assert history.counts == {CheckStatus.FAIL: 2, CheckStatus.PASS: 2}
    assert (history.checks, history.first, history.last) == (4, (1, f"{1:064}"), (4, f"{4:064}"))


def test_of_too_many_spells_the_newest_stay_and_the_rest_is_counted() -> None:
    folder = CheckFolder()
    for seq in range(2 * MOST_SPELLS + 6):
        folder.add(row(seq, "FAIL" if seq % 2 else "PASS"))

    history = folder.end()

    assert (len(history.spells), history.more_spells) == (MOST_SPELLS, 3)
    assert history.spells[-1].first == 2 * MOST_SPELLS + 5


def test_a_thing_fails_from_when_it_is_first_named_until_it_is_named_no_more() -> None:
    folder = ItemFolder(FIRST)
    times = [FIRST + timedelta(hours=hour) for hour in (-3, -2, 1, 2)]
    named = (("x",), ("y",), ("y", "z"), ("z",))

    ended = [
        spell
        for at, names in zip(times, named, strict=True)
        for spell in folder.add("check", Integration.AWS, "a", [item(name) for name in names], at)
    ]

    # x had ended before the period.
    assert [(one.resource, one.since, one.until) for one in ended] == [("y", times[1], times[3])]
    assert [(one.resource, one.since, one.until) for one in folder.end()] == [("z", times[2], None)]


def test_a_report_says_in_words_what_was_done_and_what_a_score_rests_on() -> None:
    made, empty = report(rows=1), report(rows=0)
    framework = made.frameworks[0]
    control = made.controls[0]

    assert control.told() == "Checks made: 3 (failed: 1, passed: 2)."
    assert "No check of this control was made in this period" in empty.controls[0].told()
    assert framework.told() == "50% of the weight holds; 1 of 2 were assessed."
    assert "Audit pack of" in made.title
    assert made.period == "2026-01-01 up to, but without, 2027-01-01 (UTC)"
    assert [one.verdict for one in control.history.exempt] == [Verdict.EXEMPT]
    assert [one.verdict for one in control.history.faulty] == [Verdict.FAIL]
