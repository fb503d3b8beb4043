"""Where the embedded server programs are looked for, and what is said when there are none."""

from pathlib import Path

import pytest

from app.embedded.binary import MONGOD, VALKEY, Program, find_program
from app.embedded.errors import CannotStart


def put_program(root: Path, program: Program, mode: int = 0o755) -> Path:
    path = root / program.in_wheel
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def nowhere(_name: str) -> str | None:
    return None


@pytest.mark.parametrize("program", [MONGOD, VALKEY])
def test_program_of_a_wheel_is_preferred_to_the_path(tmp_path: Path, program: Program) -> None:
    in_wheel = put_program(tmp_path, program)

    found = find_program(program, [str(tmp_path)], which=lambda name: f"/usr/bin/{name}")

    assert found == in_wheel


def test_path_is_used_where_no_wheel_is_installed(tmp_path: Path) -> None:
    on_path = {"redis-server": "/opt/redis/redis-server"}

    found = find_program(VALKEY, [str(tmp_path)], which=on_path.get)

    assert found == Path("/opt/redis/redis-server")


def test_program_that_cannot_be_executed_is_passed_over(tmp_path: Path) -> None:
    put_program(tmp_path, MONGOD, mode=0o644)

    with pytest.raises(CannotStart):
        find_program(MONGOD, [str(tmp_path)], which=nowhere)


@pytest.mark.parametrize(
    ("program", "names", "setting"),
    [(MONGOD, ["mongod"], "MONGODB_URL"), (VALKEY, ["valkey-server", "redis-server"], "REDIS_URL")],
)
def test_missing_program_is_one_sentence_that_names_what_to_install_or_set(
    program: Program, names: list[str], setting: str
) -> None:
    with pytest.raises(CannotStart) as refusal:
        find_program(program, [], which=nowhere)

    message = str(refusal.value)
    assert all(f"`{name}`" in message for name in [*names, "embedded"])
    assert setting in message
    assert message.count(". ") == 0
