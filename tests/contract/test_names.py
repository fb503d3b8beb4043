"""Every folder and file is named for what it holds, never for being a place to put things, and can be seen."""

from pathlib import PurePosixPath

import pytest

from tests.contract.sources import code, sample

NO_NOUN = {"common", "core", "helper", "helpers", "lib", "misc", "service", "services", "shared", "util", "utils"}


def vague(path: str) -> bool:
    return bool(set(path.removesuffix(".py").split("/")) & NO_NOUN)


def unseen(paths: set[str]) -> set[str]:
    """Folders of Python files that are no packages: the import contracts and the wheel would pass them over."""
    folders = {folder.as_posix() for path in paths for folder in PurePosixPath(path).parents[:-1]}
    return {folder for folder in folders if f"{folder}/__init__.py" not in paths}


def test_nothing_is_named_for_being_a_place_to_put_things():
    assert [source.path for source in (*code(), *code("tests", "bench")) if vague(source.path)] == []


@pytest.mark.parametrize("path", ["documents/utils.py", "domain/common/money.py", "app/services/__init__.py"])
def test_a_vague_name_is_noticed(path):
    assert vague(sample("", path).path)


@pytest.mark.parametrize("path", ["schema/service_category.py", "domain/costs/core_hours.py"])
def test_names_that_only_hold_such_a_word_are_left_alone(path):
    assert not vague(path)


def test_every_folder_of_code_is_a_package():
    assert unseen({source.path for source in (*code(), *code("tests"))}) == set()


def test_a_folder_that_is_no_package_is_noticed():
    assert unseen({"app/__init__.py", "app/cli/commands/up.py"}) == {"app/cli", "app/cli/commands"}
