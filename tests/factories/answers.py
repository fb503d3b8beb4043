"""Answers of connected systems and cases made of them, as procedures are given them."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from domain.compliance.answers import Answers, Call
from domain.compliance.control import Case, Control, Procedure
from domain.facts.compliance import Integration

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def call(operation: str, /, *pages: Any, at: str | None = None, **arguments: Any) -> Call:
    """One call that was answered with these pages. `at` is its region."""
    return Call(operation=operation, region=at, arguments=arguments, pages=pages)


def answers(
    integration: Integration,
    /,
    *asked: Call | tuple[Any, ...],
    unread: Collection[str] = (),
    off: Collection[str] = (),
    account: str = "the-account",
) -> Answers:
    """What was read of one account. A tuple is an operation and its pages; alone it was asked and nothing came.

    `unread` are operations that were not read in whole, or a mapping of them to the reasons; `off` those that are not
    offered.
    """
    by_operation: dict[str, tuple[Call, ...]] = {}
    for one in (one if isinstance(one, Call) else call(*one) for one in asked):
        by_operation[one.operation] = (*by_operation.get(one.operation, ()), one)
    return Answers(
        integration=integration,
        account=account,
        read_at=NOW,
        by_operation=by_operation,
        whole=frozenset(by_operation) - set(unread) - set(off),
        unread=unread if isinstance(unread, Mapping) else dict.fromkeys(unread, "the call was refused"),
        off=frozenset(off),
    )


def case(judged: Answers, control: Control, /, *others: Answers, now: datetime = NOW, **parameters: Any) -> Case:
    """The answers as a procedure of the control looks at them, with the accounts connected beside them."""
    return Case(
        answers=judged,
        parameters={**control.parameters, **parameters},
        now=now,
        connected=(judged, *others),
    )


def procedure(control: Control, integration: Integration) -> Procedure:
    """The procedure of a control that judges this system."""
    return next(one for one in control.procedures if one.integration is integration)
