"""Sessions are opened in one place, where the second factor is asked for: no sign-in can go around it."""

import ast

import pytest

from tests.contract.sources import Source, code, sample

DOOR = ("resolvers/session.py", "start_session")


def sessions_made(source: Source) -> list[tuple[str, str]]:
    """(file, function) of every place that makes a stored session."""
    functions = [node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [
        (source.path, function.name)
        for function in functions
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and _makes_session(call.func)
    ]


def _makes_session(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "Session"
        and isinstance(function.value, ast.Name)
        and function.value.id in {"documents", "session"}
    )


def test_sessions_are_made_where_the_second_factor_is_asked_for():
    assert [place for source in code("resolvers", "auth", "documents", "jobs") for place in sessions_made(source)] == [
        DOOR
    ]


def test_the_door_asks_before_it_opens():
    (source,) = [source for source in code("resolvers") if source.path == DOOR[0]]
    (door,) = [node for node in ast.walk(source.tree) if getattr(node, "name", "") == DOOR[1]]
    called = [node.func.id for node in ast.walk(door) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]

    assert {"factors_of", "has_second_factor"} <= set(called)


@pytest.mark.parametrize("text", ["def f():\n    documents.Session(a=1)", "async def f():\n    x = session.Session()"])
def test_a_session_made_elsewhere_is_noticed(text):
    assert sessions_made(sample(text, "resolvers/oidc.py")) == [("resolvers/oidc.py", "f")]
