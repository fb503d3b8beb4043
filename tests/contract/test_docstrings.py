"""Every module says what it is for, and every public function of the lower folders can be called from its docstring."""

import ast
from collections.abc import Iterator

import pytest

from tests.contract.sources import Function, Source, code, sample

DOCUMENTED = ("auth", "connectors", "documents", "domain", "live")
OPENING_LINES_AT_MOST = 3
# Its docstring draws the whole tree of errors.
LONG_OPENINGS = {"domain/errors.py"}


def bad_opening(source: Source) -> str | None:
    """What is wrong with the docstring of a module, in words."""
    docstring = ast.get_docstring(source.tree)
    if not docstring:
        return f"{source.path} does not say what it is for"
    lines = [line for line in docstring.splitlines() if line.strip()]
    if len(lines) > OPENING_LINES_AT_MOST and source.path not in LONG_OPENINGS:
        return f"{source.path} opens with {len(lines)} lines"
    return None


def undocumented(source: Source) -> list[str]:
    """Public functions without a docstring.

    A property, a one-statement function and a method of a base class's making are told by their name and type.
    """
    return [
        f"{source.path}:{name}"
        for name, function in _callable_from_outside(source.tree)
        if not _speaks_for_itself(function) and not ast.get_docstring(function)
    ]


def _callable_from_outside(node: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, Function]]:
    for child in node.body:
        if not isinstance(child, Function | ast.ClassDef) or child.name.startswith("_"):
            continue
        if isinstance(child, Function):
            yield prefix + child.name, child
        else:
            yield from _callable_from_outside(child, f"{prefix}{child.name}.")


def _speaks_for_itself(function: Function) -> bool:
    decorators = {ast.unparse(decorator) for decorator in function.decorator_list}
    return len(function.body) == 1 or bool(decorators & {"property", "cached_property", "override"})


def test_every_module_says_what_it_is_for():
    assert [problem for source in code() if (problem := bad_opening(source))] == []


@pytest.mark.parametrize("text", ["", "x = 1", '"""\nOne\ntwo\nthree\nfour.\n"""'])
def test_a_missing_or_long_opening_is_noticed(text):
    assert bad_opening(sample(text))


def test_an_opening_of_three_lines_is_fine():
    assert bad_opening(sample('"""One,\n\ntwo\nand three.\n"""')) is None


def test_every_public_function_below_can_be_called_from_its_docstring():
    assert [problem for source in code(*DOCUMENTED) for problem in undocumented(source)] == []


@pytest.mark.parametrize(
    "text",
    [
        "def load(id):\n    row = find(id)\n    return row",
        "class A:\n    async def load(self, id):\n        row = find(id)\n        return row",
    ],
)
def test_a_public_function_without_docstring_is_noticed(text):
    assert undocumented(sample(text))


@pytest.mark.parametrize(
    "text",
    [
        "def load(id):\n    '''The row.'''\n    row = find(id)\n    return row",
        "def _load(id):\n    row = find(id)\n    return row",
        "class A:\n    @property\n    def x(self):\n        y = 1\n        return y",
        "class A:\n    def x(self): ...",
        "def outer():\n    '''Makes one.'''\n    def inner():\n        a = 1\n        return a\n    return inner",
    ],
)
def test_what_needs_no_docstring_is_left_alone(text):
    assert undocumented(sample(text)) == []
