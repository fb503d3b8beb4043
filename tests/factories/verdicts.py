"""Which verdicts each procedure comes to while tests run, and what they are kept in.

A plugin of pytest: `-p tests.factories.verdicts --verdicts-into FILE`.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from domain.compliance.answers import NotOffered, Unread
from domain.compliance.control import Case, Control, Item, Judge, Procedure
from domain.compliance.judging import MISSHAPEN
from domain.compliance.registry import all_controls, bundled_controls
from domain.facts.compliance import CheckStatus, Verdict
from tests.fakes import collecting
from tests.fakes.judged_surveys import judge_survey

KEPT = Path(__file__).parents[1] / "recordings" / "verdicts"
# What its own tests give a procedure, and what a connector has read from a stand-in.
EXAMPLES, ANSWERS = KEPT / "examples.json", KEPT / "answers.json"
Reached = dict[str, list[str]]
Note = Callable[[str], None]


def name_of(control: Control, procedure: Procedure) -> str:
    """Such as "CW-IAM-01 AWS"."""
    return f"{control.id} {procedure.integration}"


def possible(control: Control, procedure: Procedure) -> list[str]:
    """What a procedure can come to on answers of a system: its verdicts, and an error for what was not read."""
    told = {Verdict.PASS: procedure.passes, Verdict.WARNING: procedure.warns, Verdict.FAIL: procedure.fails}
    return [*(verdict.value for verdict, condition in told.items() if condition), CheckStatus.ERROR.value]


def kept(file: Path) -> Reached:
    """The verdicts by the name of the procedure."""
    read: Reached = json.loads(file.read_text())
    return read


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--verdicts-into", help="Write there which verdicts each procedure comes to.")


def pytest_configure(config: pytest.Config) -> None:
    """From here on every procedure is listened to, and what surveys read is judged."""
    reached: defaultdict[str, set[str]] = defaultdict(set)
    for control in (*all_controls(), *bundled_controls()):
        for procedure in control.procedures:
            # The model is frozen, so that nobody does this but here.
            procedure.__dict__["judge"] = _heard(procedure.judge, reached[name_of(control, procedure)].add)
    collecting.OBSERVERS.append(judge_survey)
    config.stash[_REACHED] = reached


def pytest_sessionfinish(session: pytest.Session) -> None:
    reached = {name: sorted(verdicts) for name, verdicts in session.config.stash[_REACHED].items() if verdicts}
    lines = json.dumps(dict(sorted(reached.items())), indent=1)
    Path(session.config.getoption("--verdicts-into")).write_text(f"{lines}\n")


def _heard(inner: Judge, note: Note) -> Judge:
    def judge(case: Case) -> Iterable[Item]:
        try:
            items = list(inner(case))
        except NotOffered:
            note(CheckStatus.NOT_ASSESSED)
            raise
        except (Unread, *MISSHAPEN):
            note(CheckStatus.ERROR)
            raise
        for item in items:
            note(item.verdict)
        if not items:
            note(CheckStatus.NOT_APPLICABLE)
        return items

    return judge


_REACHED = pytest.StashKey[dict[str, set[str]]]()
