"""Controls judged on answers of one account, and what came of it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from domain.compliance.answers import Call
from domain.compliance.control import Control
from domain.compliance.judging import Judgement, judge
from domain.facts.compliance import Integration
from tests.factories.answers import NOW, answers, case, procedure


def judged(
    control: Control,
    integration: Integration,
    /,
    *asked: Call | tuple[Any, ...],
    unread: Collection[str] = (),
    off: Collection[str] = (),
    now: datetime = NOW,
    **parameters: Any,
) -> Judgement:
    """What the control's procedure says. Operations that are not named were asked, and nothing came."""
    own = procedure(control, integration)
    named = {one.operation if not isinstance(one, tuple) else one[0] for one in asked}
    silent = [(one,) for one in own.operations if one not in named]
    read = answers(integration, *asked, *silent, unread=unread, off=off)
    return judge(own, case(read, control, now=now, **parameters))


def verdicts(judgement: Judgement) -> dict[str, str]:
    """The verdict of each thing, which must be named once. Raises the problem where there is one."""
    assert judgement.problem is None, judgement.problem
    found = {item.resource: item.verdict.value for item in judgement.items}
    assert len(found) == len(judgement.items), "a thing is named twice"
    return found


def depends_on(controls: Collection[Control], *besides: str) -> list[tuple[Control, Integration, str]]:
    """Each operation of each procedure, but those `besides`, which only matter now and then or are for the record."""
    return [
        (control, one.integration, operation)
        for control in controls
        for one in control.procedures
        for operation in one.operations
        if operation not in besides
    ]
