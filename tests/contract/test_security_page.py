"""The page about security: complete by the standard's numbering, each promise with a test that exists, true numbers."""

import re
from datetime import timedelta

import graphql
import pytest

from app.settings import Settings
from auth.password import MIN_LENGTH, ROUNDS
from auth.refresh import IDLE_LIFETIME, OVERLAP, SESSION_LIFETIME
from auth.step_up import FRESH_FOR
from auth.viewer_cache import FRESH_FOR as VIEWER_FRESH_FOR
from tests.contract.sources import ROOT
from tests.contract.test_documentation import exists

PAGE = (ROOT / "docs/security.md").read_text()
# Rows that wait for what is being built. Lower it with each that is met; it never rises.
OPEN_ROWS = 0

# Section to the items of levels 1 and 2, by the numbers of ASVS 5.0.0.
ASVS: dict[str, tuple[int, ...]] = {
    "V6.1": (1, 2, 3),
    "V6.2": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    "V6.3": (1, 2, 3, 4),
    "V6.4": (1, 2, 3, 4),
    "V6.5": (1, 2, 3, 4, 5),
    "V6.6": (1, 2, 3),
    "V6.8": (1, 2, 3, 4),
    "V7.1": (1, 2, 3),
    "V7.2": (1, 2, 3, 4),
    "V7.3": (1, 2),
    "V7.4": (1, 2, 3, 4, 5),
    "V7.5": (1, 2),
    "V7.6": (1, 2),
    "V8.1": (1, 2),
    "V8.2": (1, 2, 3),
    "V8.3": (1,),
    "V8.4": (1,),
    "V9.1": (1, 2, 3),
    "V9.2": (1, 2, 3, 4),
    "V10.1": (1, 2),
    "V10.2": (1, 2),
    "V10.3": (1, 2, 3, 4),
    "V10.4": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
    "V10.5": (1, 2, 3, 4, 5),
    "V10.6": (1, 2),
    "V10.7": (1, 2, 3),
}
CHEAT_SHEET = 24
HELD = {"met", "partly"}
STATES = HELD | {"open", "not met", "absent", "n/a"}
ROW = re.compile(r"^\| ((?:V\d+\.\d+\.\d+)|(?:G\d+)) \|(.*)\|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py::test_\w+)`")


def rows(text: str) -> list[tuple[str, list[str]]]:
    """(item, the other cells)."""
    return [(item, [cell.strip() for cell in rest.split("|")]) for item, rest in ROW.findall(text)]


def faults(text: str) -> list[str]:
    """Rows with an unknown state, held without a test, with a test that does not exist, or without a word of how."""
    found = []
    for item, cells in rows(text):
        how, state, tests = cells[-3:]
        named = NAMED.findall(tests)
        is_held = state in HELD
        if state not in STATES or not how or is_held != bool(named) or (not is_held and tests != "—"):
            found.append(f"{item}: {state}")
        found += [f"{item}: {name}" for name in named if not exists(name)]
    return found


def ways_in() -> set[str]:
    """The mutations anybody may call, by the committed schema."""
    schema = graphql.parse((ROOT / "schema/schema.graphql").read_text())
    (mutation,) = [one for one in schema.definitions if getattr(getattr(one, "name", None), "value", "") == "Mutation"]
    return {field.name.value for field in mutation.fields if '@gated(may: "public' in graphql.print_ast(field)}


def test_every_item_of_the_standard_has_one_row():
    wanted = [f"{section}.{number}" for section, numbers in ASVS.items() for number in numbers]
    wanted += [f"G{number}" for number in range(1, CHEAT_SHEET + 1)]
    items = [item for item, _ in rows(PAGE)]

    assert set(wanted) - set(items) == set()
    assert len(items) == len(set(items))


def test_every_row_says_how_and_names_tests_that_exist():
    assert faults(PAGE) == []


def test_the_number_of_open_rows_only_falls():
    waiting = [item for item, cells in rows(PAGE) if cells[-2] == "open"]

    assert len(waiting) == OPEN_ROWS, "Fewer? Lower OPEN_ROWS. More? A promise may not be taken back."


@pytest.mark.parametrize(
    "row",
    [
        "| V6.1.1 | 1 | x | how | met | — |",
        "| V6.1.1 | 1 | x | how | partly | — |",
        "| V6.1.1 | 1 | x | how | met | `tests/unit/nowhere.py::test_gone` |",
        "| V6.1.1 | 1 | x | how | open | `tests/contract/test_security_page.py::test_a_fault_in_a_row_is_noticed` |",
        "| V6.1.1 | 1 | x |  | open | — |",
        "| V6.1.1 | 1 | x | how | maybe | — |",
    ],
)
def test_a_fault_in_a_row_is_noticed(row):
    assert faults(row)


def test_every_named_test_of_the_page_exists():
    assert [name for name in NAMED.findall(PAGE) if not exists(name)] == []


def test_every_way_in_is_on_the_page():
    section = PAGE.split("## Ways in")[1].split("\n## ")[0]

    assert {"register", "signIn", "refreshSession"} <= ways_in()
    assert [name for name in sorted(ways_in()) if f"`{name}`" not in section] == []


def spoken(time: timedelta) -> str:
    for unit in ("days", "minutes", "seconds"):
        count, rest = divmod(time, timedelta(**{unit: 1}))
        if count and not rest:
            return f"{count} {unit if count > 1 else unit[:-1]}"
    raise ValueError(time)


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("access token", spoken(Settings.model_fields["access_token_lifetime"].default)),
        ("session without use", spoken(IDLE_LIFETIME)),
        ("session at most", spoken(SESSION_LIFETIME)),
        ("refresh token that comes again", spoken(OVERLAP)),
        ("sign-in that dangerous things ask for", spoken(FRESH_FOR)),
        ("lost right still seen", spoken(VIEWER_FRESH_FOR)),
        ("password, shortest", f"{MIN_LENGTH} characters"),
        ("rounds of bcrypt", str(ROUNDS)),
    ],
)
def test_the_numbers_of_the_page_are_those_of_the_code(what, value):
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {what} |")]

    assert re.match(rf"\| {re.escape(what)} \| {re.escape(value)}\b", row)
