"""Every automated procedure reaches each of its verdicts, and what is committed about it is what the tests come to."""

from pathlib import Path

from domain.compliance.registry import all_controls, bundled_controls
from tests.contract.record_verdicts import record_examples
from tests.contract.verdicts_page import automated, lines, not_reached
from tests.factories.verdicts import ANSWERS, EXAMPLES, kept, name_of


def test_every_automated_procedure_reaches_each_of_its_verdicts_in_an_example() -> None:
    assert not_reached(kept(EXAMPLES)) == {}


def test_the_verdicts_of_examples_that_are_kept_are_those_the_tests_come_to(tmp_path: Path) -> None:
    assert record_examples(tmp_path / "now.json") == 0

    assert kept(tmp_path / "now.json") == kept(EXAMPLES), "run `make controls` and read the difference"


def test_what_was_read_from_a_stand_in_is_of_a_procedure_there_is() -> None:
    names = {name_of(control, one) for control in (*all_controls(), *bundled_controls()) for one in control.procedures}

    assert kept(ANSWERS).keys() - names == set()


def test_the_page_says_of_each_procedure_what_was_not_reached_on_what_was_read() -> None:
    text = "\n".join(lines())
    missing = sum(map(len, not_reached(kept(ANSWERS)).values()))

    assert f"the {missing} that are not stand as *example* below" in text
    assert all(f"| {control.id} | {one.integration} |" in text for control, one in automated())
