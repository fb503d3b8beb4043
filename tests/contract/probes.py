"""Everything a stranger could try: each place of each root field where an id or a text goes, with what is another's."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import GraphQLInputObjectType, get_named_type

from documents.base import TenantDocument
from schema.node import VIEW_OF
from tests.contract.graph_walk import RootField, root_fields

# Of which types a stranger's ids are tried in every place for an id: those of tenants, and these.
PERSONAL = ("Organization", "User", "DeviceSession", "Identity", "Passkey")
TYPES_TRIED = (*sorted(VIEW_OF), *PERSONAL)
# Texts of a stranger's that are tried in every place for a text of a query.
TEXTS_TRIED = ("secret-payer", "secret-service", "secret-account", "111122223333", "aws-s3-bucket-public")


# How rows of a tenant are read; each is tried on every document with the scope of another tenant.
DOCUMENT_READS = ("get_in", "find_in", "list_in", "page_in", "count_in", "rows_by_id", "load_many")


def tenant_documents() -> list[type[TenantDocument]]:
    """Every document of a tenant, by name."""
    found, new = set(), {TenantDocument}
    while new:
        new = {sub for one in new for sub in one.__subclasses__()} - found
        found |= new
    return sorted(found, key=lambda one: one.__name__)


def document_reads() -> list[tuple[type[TenantDocument], str]]:
    """Every document with every read that it has; some documents close reads that make no sense for them."""
    closed = TenantDocument.find.__func__  # type: ignore[attr-defined]
    return [
        (document, read)
        for document in tenant_documents()
        for read in DOCUMENT_READS
        if getattr(document, read).__func__ is not closed
    ]


@dataclass(frozen=True)
class Probe:
    """`value` is the name of a type whose id is tried, or a text, at `place` in the field's arguments."""

    field: RootField
    place: tuple[str, ...]
    value: str

    def __str__(self) -> str:
        return f"{self.field} {'.'.join(self.place)} {self.value}"


def id_probes() -> list[Probe]:
    """Every place for an id, with an id of every type."""
    return [
        Probe(field, place, type_name)
        for field in root_fields()
        for place in field.id_places
        for type_name in TYPES_TRIED
    ]


def text_probes() -> list[Probe]:
    """Every place of a query for a text, cursors and currencies among them, with every text."""
    queries = [field for field in root_fields() if field.operation == "query"]
    return [Probe(field, place, text) for field in queries for place in text_places(field) for text in TEXTS_TRIED]


def text_places(field: RootField) -> Iterator[tuple[str, ...]]:
    """Paths through the arguments of a field that end in a String."""
    for name, argument in field.field.args.items():
        yield from _text_places(argument.type, (name,))


def _text_places(type_: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    named = get_named_type(type_)  # type: ignore[call-overload]
    if named.name == "String":
        yield path
    elif isinstance(named, GraphQLInputObjectType):
        for name, field in named.fields.items():
            yield from _text_places(field.type, (*path, name))
