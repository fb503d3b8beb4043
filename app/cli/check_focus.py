"""`cloudwatcher check-focus`: what in a file breaks the rules of FOCUS, by rule, row and column."""

from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from connectors.billing.focus_files import open_cost_file
from documents.base import utc_now
from domain.costs.check import Strength
from domain.costs.checker import VERSIONS, Checker, Example, Violation, all_checks
from domain.costs.header import version_of
from domain.costs.problem import BadCostFile, excerpt
from domain.errors import Invalid
from jobs.cost_reading import told_as_focus

_SHOWN_INVOICES = 20


def run_check(file: Path, version: str | None, *, as_json: bool) -> int:
    """Check the file and tell; 0 when it keeps every rule, 1 when a MUST is broken or it cannot be read to its end."""
    if version is not None and version not in VERSIONS:
        raise Invalid(f"--version takes one of {', '.join(VERSIONS)}.")
    console = Console()
    try:
        checker, told = _checked(file, version)
    except BadCostFile as error:
        _tell_unread(console, error, as_json=as_json)
        return 1
    is_good = all(one.check.strength is not Strength.MUST for one in checker.violations())
    if as_json:
        console.out(orjson.dumps(_as_json(file, told, checker), default=str).decode(), highlight=False)
    else:
        _tell(console, file, told, checker)
    return 0 if is_good else 1


def _checked(file: Path, version: str | None) -> tuple[Checker, str]:
    """The checker after the last row, and what the file was held to."""
    with open_cost_file(file) as opened:
        focus, form = told_as_focus(file.name, opened, [])
        held_to = version or min(version_of(focus.names), VERSIONS[-1])
        checker = Checker(focus.names, held_to, today=utc_now().date())
        for batch in focus.batches():
            checker.look_at(batch)
    return checker, f"FOCUS {held_to}" + (f", told from {form}" if form else "")


def _tell_unread(console: Console, error: BadCostFile, *, as_json: bool) -> None:
    if as_json:
        unread = {"file": error.file, "unreadable": [str(problem) for problem in error.problems]}
        console.out(orjson.dumps(unread).decode(), highlight=False)
        return
    console.print(f"[red]{error.file} cannot be read:[/red]", highlight=False)
    for problem in error.problems:
        console.print(f"  {problem}", highlight=False, markup=False, soft_wrap=True)


def _tell(console: Console, file: Path, told: str, checker: Checker) -> None:
    console.print(
        f"{file.name}: {told}, {checker.rows:,} rows, {len(all_checks())} rules known", highlight=False, soft_wrap=True
    )
    violations = checker.violations()
    for one in violations:
        rows = f", {one.count:,} times" if one.count > 1 else ""
        console.print(
            f"  {one.check.strength} {one.check.id}{rows}: {one.check.sentence}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        for example in one.examples:
            console.print(f"      {_where(one, example)}", highlight=False, markup=False, soft_wrap=True)
    invoices = checker.invoices()
    for invoice in invoices[:_SHOWN_INVOICES]:
        console.print(
            f"  invoice {invoice.id}: {invoice.rows:,} rows, {invoice.billed} {invoice.currency} billed",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
    if len(invoices) > _SHOWN_INVOICES:
        console.print(f"  and {len(invoices) - _SHOWN_INVOICES:,} more invoices; --json lists them all")
    if checker.is_cut:
        console.print("  There were too many invoices and commitments to add up all of them.")
    if not violations:
        console.print("  Every rule that can be checked on the data is kept.")


def _where(violation: Violation, example: Example) -> str:
    column = violation.check.column
    row = "" if example.row is None else f"row {example.row}" + (f" (line {example.line})" if example.line else "")
    parts = [part for part in (row, f"column {column}" if column else "") if part]
    value = "" if example.value is None else f": {excerpt(example.value)}"
    return (", ".join(parts) or "header") + value


def _as_json(file: Path, told: str, checker: Checker) -> dict[str, Any]:
    return {
        "file": file.name,
        "checked_as": told,
        "rows": checker.rows,
        "violations": [
            {
                "rule": one.check.id,
                "strength": one.check.strength,
                "column": one.check.column or None,
                "sentence": one.check.sentence,
                "count": one.count,
                "examples": [
                    {"row": example.row, "line": example.line, "value": example.value} for example in one.examples
                ],
            }
            for one in checker.violations()
        ],
        "invoices": [
            {"id": one.id, "currency": one.currency, "rows": one.rows, "billed": str(one.billed)}
            for one in checker.invoices()
        ],
        "is_cut": checker.is_cut,
    }
