"""Only the settings read the environment."""

import ast

import pytest

from tests.contract.sources import Source, code, sample

READER = "app/settings.py"
_NAMES = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}


def environment_reads(source: Source) -> list[str]:
    """Where a file touches the environment of its process, by any of the names of the os module."""
    return [source.at(node) for node in ast.walk(source.tree) if _touches(node)]


def _touches(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in _NAMES
    return isinstance(node, ast.ImportFrom) and node.module == "os" and any(one.name in _NAMES for one in node.names)


def test_only_the_settings_read_the_environment():
    sources = [source for source in code() if source.path != READER]

    assert [place for source in sources for place in environment_reads(source)] == []


@pytest.mark.parametrize(
    "text",
    [
        "import os\nx = os.environ['HOME']",
        "import os\nx = os.getenv('HOME')",
        "from os import environ",
        "import os\nx = {**os.environ}",
    ],
)
def test_a_read_of_the_environment_is_noticed(text):
    assert environment_reads(sample(text))


def test_other_uses_of_os_are_left_alone():
    assert environment_reads(sample("import os\nx = os.getpid()")) == []
