"""What is wrong, or merely odd, in a cost file, by row and column."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import Invalid

MOST_PROBLEMS = 100
_EXCERPT = 60


class BadValue(ValueError):
    """A cell that cannot be read. The message completes the sentence that begins with the cell's text.

    `column` is the FOCUS id of the cell to blame where a rule looks at several.
    """

    def __init__(self, message: str, *, column: str | None = None) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class Problem:
    """`row` 1 is the first row under the header; `line` counts lines of text from 1. None where neither applies."""

    message: str
    row: int | None = None
    line: int | None = None
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        where = [] if self.row is None else [f"row {self.row}" + (f" (line {self.line})" if self.line else "")]
        if self.column is not None:
            where.append(f"column {self.column}")
        text = "" if self.value is None else f"{excerpt(self.value)} "
        return (", ".join(where) + ": " if where else "") + text + self.message


@dataclass(frozen=True, slots=True)
class Notice:
    """Something odd that does not keep the file from loading. `rows` is how many rows show it, 0 for the header."""

    message: str
    column: str | None = None
    rows: int = 0


def excerpt(text: str) -> str:
    """The beginning of a cell, quoted, with control characters made visible."""
    return repr(text if len(text) <= _EXCERPT else text[:_EXCERPT] + "…")


class BadCostFile(Invalid):
    """`file` cannot be loaded; nothing of it is kept. `problems` holds the first hundred."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        super().__init__(f"{file}: {problems[0]}{_others(len(problems) - 1)}", path=("files", file))


def _others(count: int) -> str:
    if count == 0:
        return ""
    limit = " or more" if count + 1 >= MOST_PROBLEMS else ""
    return f" ({count}{limit} other problem{'s' if count > 1 else ''})"
