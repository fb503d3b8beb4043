"""What no file imports, how imports are written, and what the domain may use at all."""

import ast
import sys
from collections.abc import Iterator

import pytest

from tests.contract.sources import PACKAGES, Source, code, sample

# Motor has reached its end of life and Beanie 2 refuses it; httpx2 is the client that Starlette and Authlib use.
BANNED = {"motor", "httpx"}
PARTS_AT_MOST = 3
DOMAIN_LIBRARIES = {"domain", "numpy", "pydantic", "annotated_types"}
# Of the standard library: what reaches outside, waits, or is different each time.
NOT_IN_DOMAIN = {
    "asyncio", "concurrent", "ftplib", "glob", "http", "imaplib", "io", "logging", "multiprocessing", "os", "random",
    "sched", "secrets", "select", "selectors", "shutil", "signal", "smtplib", "socket", "socketserver", "sqlite3",
    "ssl", "subprocess", "tempfile", "threading", "time", "urllib.request", "uuid", "webbrowser",
}  # fmt: skip
CLOCK = {"now", "utcnow", "today"}


def imports(source: Source) -> Iterator[tuple[str, ast.stmt, bool]]:
    """(module, statement, whether it is relative) of every import, also those inside functions."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((one.name, node, False) for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node, node.level > 0


def banned(source: Source) -> list[str]:
    return [source.at(node) for name, node, _ in imports(source) if name.split(".")[0] in BANNED]


def badly_written(source: Source) -> list[str]:
    """Relative imports, and imports of our own modules by more than three dotted parts."""
    return [
        source.at(node)
        for name, node, is_relative in imports(source)
        if is_relative or (name.split(".")[0] in (*PACKAGES, "tests") and len(name.split(".")) > PARTS_AT_MOST)
    ]


def impure(source: Source) -> list[str]:
    """Imports of what a pure function has no use for, and looks at the clock."""
    foreign = [source.at(node) for name, node, _ in imports(source) if not _is_pure(name)]
    return foreign + [source.at(node) for node in ast.walk(source.tree) if _asks_the_clock(node)]


def _is_pure(name: str) -> bool:
    root = name.split(".")[0]
    if root in DOMAIN_LIBRARIES:
        return True
    return root in sys.stdlib_module_names and not {root, name} & NOT_IN_DOMAIN


def _asks_the_clock(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCK
        and ast.unparse(node.func.value).split(".")[-1] in {"datetime", "date"}
    )


def test_nothing_imports_what_has_a_successor():
    assert [place for source in code(*PACKAGES, "tests", "bench") for place in banned(source)] == []


@pytest.mark.parametrize(
    "text", ["import motor.motor_asyncio", "from motor import x", "import httpx", "def f():\n    import httpx"]
)
def test_a_banned_import_is_noticed(text):
    assert banned(sample(text))


def test_imports_are_absolute_and_short():
    assert [place for source in code(*PACKAGES, "tests", "bench") for place in badly_written(source)] == []


@pytest.mark.parametrize("text", ["from . import x", "from ..facts import y", "from connectors.clouds.aws.s3 import x"])
def test_a_relative_or_deep_import_is_noticed(text):
    assert badly_written(sample(text))


@pytest.mark.parametrize("text", ["from connectors.clouds.aws import s3", "from cryptography.hazmat.a.b import c"])
def test_short_and_foreign_imports_are_left_alone(text):
    assert badly_written(sample(text)) == []


def test_the_domain_is_pure():
    assert [place for source in code("domain") for place in impure(source)] == []


@pytest.mark.parametrize(
    "text",
    [
        "import pymongo",
        "import orjson",
        "from documents.base import x",
        "import os.path",
        "from urllib.request import urlopen",
        "x = datetime.now(UTC)",
        "x = datetime.datetime.now()",
        "x = date.today()",
    ],
)
def test_an_impure_domain_is_noticed(text):
    assert impure(sample(text, "domain/sample.py"))


@pytest.mark.parametrize(
    "text", ["import pydantic", "from urllib.parse import urlsplit", "from decimal import Decimal", "x = context.now"]
)
def test_pure_code_is_left_alone(text):
    assert impure(sample(text, "domain/sample.py")) == []
