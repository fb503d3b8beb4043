"""Nothing runs once per field or waits where the executor could go straight on."""

import ast

import pytest

from tests.contract.sources import Source, code, sample

RESOLVERS = {"resolve", "aresolve"}


def field_hooks(source: Source) -> list[str]:
    """Schema extensions that wrap the resolving of every field."""
    classes = _classes(source, "SchemaExtension")
    return [source.at(one) for name in classes for one in name.body if getattr(one, "name", "") in RESOLVERS]


def slow_permissions(source: Source) -> list[str]:
    """Permissions that are coroutines: each makes its field several times dearer, and its list items too."""
    methods = [one for found in _classes(source, "BasePermission") for one in found.body]
    return [source.at(one) for one in methods if isinstance(one, ast.AsyncFunctionDef) and one.name == "has_permission"]


def _classes(source: Source, base: str) -> list[ast.ClassDef]:
    classes = [node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    return [one for one in classes if any(ast.unparse(name).split(".")[-1] == base for name in one.bases)]


def test_no_extension_wraps_every_field():
    assert [place for source in code() for place in field_hooks(source)] == []


@pytest.mark.parametrize("method", ["def resolve(self): ...", "async def resolve(self): ..."])
def test_an_extension_that_wraps_every_field_is_noticed(method):
    assert field_hooks(sample(f"class Slow(extensions.SchemaExtension):\n    {method}"))


def test_permissions_are_synchronous():
    assert [place for source in code() for place in slow_permissions(source)] == []


def test_an_asynchronous_permission_is_noticed():
    assert slow_permissions(sample("class Slow(BasePermission):\n    async def has_permission(self): ..."))
