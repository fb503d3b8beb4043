"""The controls, found by reading their folder."""

import sys
from pathlib import Path

import pytest

from domain import controls
from domain.compliance import registry
from domain.compliance.registry import all_controls, get_control

MADE = "from domain.controls.cw_iam_01 import CONTROL as FIRST\n\nCONTROL = FIRST.model_copy(update={'id': '%s'})\n"


def test_every_file_is_a_control_named_by_its_id() -> None:
    (folder,) = controls.__path__
    files = {file.stem for file in Path(folder).glob("*.py")} - {"__init__"}

    assert {control.id.lower().replace("-", "_") for control in all_controls()} == files


def test_controls_come_by_id_and_are_read_once() -> None:
    ids = [control.id for control in all_controls()]

    assert ids == sorted(ids)
    assert len(ids) == len(set(ids))
    assert all_controls() is all_controls()


def test_a_control_is_found_by_its_id() -> None:
    assert get_control("CW-IAM-01").name == "Owner accounts locked down"
    with pytest.raises(KeyError):
        get_control("CW-IAM-99")


def test_what_is_no_control_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "made_controls"
    folder.mkdir()
    files = {"__init__": "", "a": MADE % "CW-ZZZ-02", "b": MADE % "CW-AAA-01", "c": "SOMETHING = 1\n"}
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "FOLDER", folder.name)

    found = all_controls.__wrapped__()

    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]
    assert [control.id for control in found] == ["CW-AAA-01", "CW-ZZZ-02"]
