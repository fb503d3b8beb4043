"""The page that shows who may use what, and how often a stranger has tried in vain. `make isolation` writes it."""

from collections.abc import Iterator
from pathlib import Path

from tests.contract.access_table import ROOT_FIELDS, TYPES
from tests.contract.probes import document_reads, id_probes, text_probes

COMMITTED = Path(__file__).parents[2] / "docs" / "isolation.md"
COLUMNS = {
    "*": "not signed in",
    "N": "signed in, no organization",
    "V": "CLIENT_VIEWER",
    "R": "AUDITOR",
    "U": "USER",
    "A": "ADMIN",
    "M": "MSP_ADMIN",
    "S": "service account",
}


def page() -> str:
    """The page, whole."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    ids, texts = id_probes(), text_probes()
    # With the scope of a stranger, and with that of a member who may do nothing there.
    reads = 2 * len(document_reads())
    yield "# Who sees what, and that nobody sees more"
    yield ""
    yield "Made by `make isolation` from the tables and probes of `tests/contract`, which run with every `make test`."
    yield ""
    yield "## Tried in vain"
    yield "| what a stranger tries | how often |"
    yield "| --- | ---: |"
    yield f"| an id of each type of theirs, in every place for an id of every root field | {len(ids)} |"
    yield f"| a text of theirs, in every place for a text of every query | {len(texts)} |"
    yield f"| every read of every document, with the scope of a stranger and one without the right | {reads} |"
    yield f"| **together: refused, or answered as if it did not exist** | **{len(ids) + len(texts) + reads}** |"
    yield ""
    yield "Of ids whose type a place does not take, `make test` tries an eighth and `make nightly` all."
    yield "Each is compared with the same question about something that does not exist: the answers are the same to the"
    yield "letter. Every query is asked before and after the stranger holds anything: no list, sum or count differs."
    yield ""
    yield "## Root fields"
    yield "A dot stands for FORBIDDEN, or UNAUTHENTICATED for those who are not signed in. Where one gets through, the"
    yield "scope still holds only the organizations in which one has the permission."
    yield ""
    yield from _table("root field", ROOT_FIELDS, COLUMNS)
    yield ""
    yield "## Types, read by their id"
    yield "With `node` and `nodes`, in the organization they belong to. In any other they do not exist."
    yield ""
    yield from _table("type", TYPES, {letter: COLUMNS[letter] for letter in "VRUAMS"})


def _table(noun: str, rows: dict[str, str], columns: dict[str, str]) -> Iterator[str]:
    yield f"| {noun} | {' | '.join(columns.values())} |"
    yield "| --- |" + " :---: |" * len(columns)
    for name, allowed in sorted(rows.items(), key=lambda row: (row[0].split()[0] != "query", row[0])):
        marks = ["yes" if letter in allowed or allowed == "*" else "·" for letter in columns]
        yield f"| `{name}` | {' | '.join(marks)} |"


if __name__ == "__main__":
    COMMITTED.write_text(page())
