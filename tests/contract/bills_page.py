"""The tables of docs/guides/bills.md, out of the mappings themselves. `make guides` writes them."""

import re
from pathlib import Path

from domain.costs.checker import all_checks
from domain.costs.sources import registry

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "bills.md"
_BLOCK = re.compile(r"(<!-- (mappings|rules) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


def mappings() -> str:
    """A table per source: FOCUS column and where it comes from."""
    parts = []
    for name, source in registry.SOURCES.items():
        rows = "".join(f"| {id} | {_cell(how.words)} |\n" for id, how in source.columns.items())
        parts.append(f"### {name}\n\n| FOCUS column | from |\n| --- | --- |\n{rows}\n")
    return "".join(parts)


def rules() -> str:
    """Every rule of check-focus."""
    rows = "".join(f"| {one.id} | {one.strength} | {one.since} | {_cell(one.sentence)} |\n" for one in all_checks())
    return f"| rule | strength | since | what must hold |\n| --- | --- | --- | --- |\n{rows}"


def written() -> dict[str, str]:
    """What the page has between its marks."""
    return {found[2]: found[3] for found in _BLOCK.finditer(PAGE.read_text())}


def main() -> None:
    made = {"mappings": mappings(), "rules": rules()}
    PAGE.write_text(_BLOCK.sub(lambda found: f"{found[1]}{made[found[2]]}{found[4]}", PAGE.read_text()))


if __name__ == "__main__":
    main()
