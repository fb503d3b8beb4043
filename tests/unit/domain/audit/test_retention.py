"""How long the audit log is kept: the floors of facts/frameworks.json win over what was chosen."""

from pathlib import Path

import orjson
import pytest

from domain.audit.retention import DEFAULT_DAYS, FLOORS, check_retention, floor_of, kept_days
from domain.errors import Invalid


@pytest.mark.parametrize(
    ("chosen", "frameworks", "kept"),
    [
        (90, [], 90),
        (30, ["soc2_tsc_2017"], 30),
        (90, ["cert_in_2022"], 180),
        (200, ["cert_in_2022"], 200),
        (90, ["cert_in_2022", "hipaa_security_rule", "pci_dss_4_0_1"], 2190),
    ],
)
def test_the_highest_floor_wins(chosen: int, frameworks: list[str], kept: int) -> None:
    assert kept_days(chosen, frameworks) == kept


def test_a_choice_below_the_floor_is_refused_with_the_framework_and_its_days() -> None:
    with pytest.raises(Invalid, match=r"PCI DSS.*365 days.*10\.5\.1"):
        check_retention(364, ["pci_dss_4_0_1", "cert_in_2022"])


@pytest.mark.parametrize(("days", "frameworks"), [(365, ["pci_dss_4_0_1"]), (1, []), (1, ["iso_27001_2022"])])
def test_a_choice_at_the_floor_or_without_one_is_fine(days: int, frameworks: list[str]) -> None:
    check_retention(days, frameworks)


def test_without_a_framework_there_is_no_floor() -> None:
    assert floor_of([]) is None


def test_the_floors_are_those_of_the_catalogue(shared: Path) -> None:
    catalogue = orjson.loads((shared / "facts" / "frameworks.json").read_bytes())["retention_floors_days"]

    assert {"default_hot": DEFAULT_DAYS, **{id: floor.days for id, floor in FLOORS.items()}} == catalogue
