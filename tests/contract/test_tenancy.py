"""A tenant's rows are reached through a Scope, and a Scope is made in one place."""

import ast
import re
from functools import cache

import pytest

import documents
from tests.contract.sources import Source, code, sample

SCOPE_MAKERS = {"auth/scope.py", "domain/facts/scope.py"}
# What hands out rows without asking for a Scope. `rows` is also a word of other things, so there the receiver counts.
RAW = {"get_pymongo_collection", "get_motor_collection", "get_collection"}
HOLDS_A_CLASS = {"cls", "document", "model"}
CLOSED = ("get", "find", "find_one", "find_many", "find_all", "all", "count", "aggregate", "delete_all", "distinct")
TENANT_DOCUMENTS = [
    one for one in vars(documents).values() if isinstance(one, type) and issubclass(one, documents.TenantDocument)
]
ESCAPE = re.compile(r"#\s*unscoped:\s*\w+")


def scopes_made(source: Source) -> list[str]:
    calls = [node for node in ast.walk(source.tree) if isinstance(node, ast.Call)]
    return [source.at(call) for call in calls if _last_name(call.func) == "Scope"]


def raw_reads(source: Source, global_documents: frozenset[str]) -> list[str]:
    """Raw finders on anything that is not known to be global, unless a comment there or above says why."""
    calls = [node for node in ast.walk(source.tree) if isinstance(node, ast.Call)]
    return [
        source.at(call)
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and _is_raw(call.func)
        and _last_name(call.func.value) not in global_documents
        and not any(ESCAPE.search(line) for line in source.lines[max(call.lineno - 2, 0) : call.lineno])
    ]


def _is_raw(function: ast.Attribute) -> bool:
    receiver = _last_name(function.value)
    return function.attr in RAW or (function.attr == "rows" and (receiver[:1].isupper() or receiver in HOLDS_A_CLASS))


@cache
def global_documents() -> frozenset[str]:
    """Names of the documents that belong to no tenant: they extend Beanie's Document itself."""
    classes = [node for source in code("documents") for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    names = {one.name for one in classes if "Document" in {_last_name(base) for base in one.bases}}
    return frozenset(names - {"TenantDocument"})


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_a_scope_is_made_only_where_rights_are_known():
    sources = [source for source in code() if source.path not in SCOPE_MAKERS]

    assert [place for source in sources for place in scopes_made(source)] == []


@pytest.mark.parametrize("text", ["x = Scope(org_ids=ids)", "x = scope.Scope(ids, ids, 'me')"])
def test_a_scope_made_elsewhere_is_noticed(text):
    assert scopes_made(sample(text, "resolvers/sample.py"))


def test_raw_finders_stay_inside_documents():
    sources = [source for source in code() if not source.path.startswith("documents/")]

    assert [place for source in sources for place in raw_reads(source, global_documents())] == []


@pytest.mark.parametrize(
    "text",
    [
        "x = Finding.rows().find({})",
        "x = documents.Finding.get_pymongo_collection()",
        "x = model.rows()",
        "# unscoped:\nx = Finding.rows()",
        "# unscoped: far away\n\n\nx = Finding.rows()",
    ],
)
def test_a_raw_finder_elsewhere_is_noticed(text):
    assert raw_reads(sample(text, "resolvers/sample.py"), frozenset({"User"}))


@pytest.mark.parametrize(
    "text",
    [
        "x = User.get_pymongo_collection().find_one({})",
        "# unscoped: the report of the operator counts all tenants\nx = Finding.rows()",
        "x = Finding.rows()  # unscoped: the report of the operator counts all tenants",
        "x = self.rows()",
        "x = page.rows",
    ],
)
def test_global_documents_and_stated_reasons_are_left_alone(text):
    assert raw_reads(sample(text, "resolvers/sample.py"), frozenset({"User"})) == []


def test_the_global_documents_are_known():
    assert {"User", "Organization"} <= global_documents()
    assert "Finding" not in global_documents()


@pytest.mark.parametrize("document", TENANT_DOCUMENTS, ids=lambda document: document.__name__)
@pytest.mark.parametrize("finder", CLOSED)
def test_the_finders_of_the_mapper_are_closed(document, finder):
    with pytest.raises(TypeError, match="belongs to a tenant"):
        getattr(document, finder)({})
