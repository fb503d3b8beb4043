"""How far each rule was played against a stand-in while tests run, and what that is kept in.

A plugin of pytest: `-p tests.factories.remedies --remedies-into FILE`.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

STAGES = ("FOUND", "PLANNED", "DONE", "VERIFIED", "UNDONE")
# rule id -> which of these stages were reached with it in this process.
REACHED: dict[str, set[str]] = {}
KEPT = Path(__file__).parents[1] / "recordings" / "remedies.json"
Reached = dict[str, list[str]]


def kept(file: Path = KEPT) -> Reached:
    """The stages by the id of the rule."""
    read: Reached = json.loads(file.read_text())
    return read


def kept_of(rules: Iterable[str]) -> Reached:
    """What is committed about these rules, and so stands on the page."""
    every = kept()
    return {rule: every[rule] for rule in sorted(rules) if rule in every}


def reached_of(rules: Iterable[str]) -> Reached:
    """What the plays of this process have come to with these rules, in the order of the stages."""
    return {rule: [one for one in STAGES if one in REACHED[rule]] for rule in sorted(rules) if rule in REACHED}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--remedies-into", help="Write there how far each rule was played.")


def pytest_sessionfinish(session: pytest.Session) -> None:
    into, now = Path(session.config.getoption("remedies_into")), reached_of(REACHED)
    before = kept(into) if into.exists() else {}
    into.write_text(json.dumps(dict(sorted({**before, **now}.items())), indent=1) + "\n")
