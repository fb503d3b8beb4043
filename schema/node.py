"""Global ids, the Node interface and the decorator for views of documents."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import strawberry
from strawberry.types.field import StrawberryField

from documents.base import TenantDocument
from domain.errors import NotFound

T = TypeVar("T", bound=type)
ID_DESCRIPTION = "Opaque id, unique over all types."


def global_id(type_name: str, local: object) -> strawberry.ID:
    """The id clients see: type and stored id, opaque."""
    return _opaque(f"{type_name}:{local}".encode())


def _opaque(plain: bytes) -> strawberry.ID:
    return strawberry.ID(binascii.b2a_base64(plain, newline=False).decode().rstrip("="))


def parse_id(text: str) -> tuple[str, str]:
    """(type name, stored id) of a global id. Raises NotFound for anything else."""
    try:
        type_name, _, local = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise NotFound.of("object") from error
    return type_name, local


def local_id(type_name: str, text: str) -> str:
    """The stored id of a global id of this type. Raises NotFound when it is of another type."""
    found, local = parse_id(text)
    if found != type_name:
        raise NotFound.of(type_name.lower())
    return local


@strawberry.interface(description="Anything that has a global id and can be loaded again with `node`.")
class Node:
    # Each view has its own, which knows the type's name; see `view`.
    id: strawberry.ID = strawberry.field(description=ID_DESCRIPTION)


VIEW_OF: dict[str, type[TenantDocument]] = {}


def view(document: type[Any], *, description: str) -> Callable[[T], T]:
    """Make a class the GraphQL view of a document.

    Raises TypeError for a field the document does not have, and for a resolver that does not say what it reads.
    """

    def decorate(cls: T) -> T:
        kinds = (document, document.Row) if issubclass(document, TenantDocument) else (document,)
        cls.is_type_of = classmethod(lambda _, value, info: isinstance(value, kinds))  # type: ignore[attr-defined]
        cls.id = _id_field(cls.__name__)  # type: ignore[attr-defined]
        decorated: T = strawberry.type(cls, description=description)
        for field in decorated.__strawberry_definition__.fields:  # type: ignore[attr-defined]
            if unknown := set(reads_of(field)) - document.model_fields.keys():
                raise TypeError(f"{cls.__name__}: {document.__name__} has no such field as {', '.join(unknown)}.")
        if issubclass(document, TenantDocument):
            VIEW_OF[cls.__name__] = document
        return decorated

    return decorate


def said(description: str, **options: Any) -> Any:
    """A plain field with its description: it reads the stored field of its own name."""
    return strawberry.field(description=description, **options)


def derived(description: str, *, reads: tuple[str, ...], **options: Any) -> Any:
    """Decorates a method that works a value out of these stored fields of its row, and of nothing else."""
    return strawberry.field(description=description, metadata={"reads": reads}, **options)


def reads_of(field: StrawberryField) -> tuple[str, ...]:
    """The stored fields that a field of a view is made from. Raises TypeError when its resolver does not say."""
    metadata: Mapping[Any, Any] = field.metadata
    if "reads" in metadata:
        return tuple(metadata["reads"])
    if field.is_basic_field:
        return (field.python_name,)
    raise TypeError(f"{field.python_name}: say what it reads with derived(…, reads=…), or make it related(…).")


def _id_field(type_name: str) -> Any:
    prefix = f"{type_name}:".encode()

    def id(self: Any) -> strawberry.ID:
        return _opaque(prefix + str(self.id).encode())

    return derived(ID_DESCRIPTION, reads=("id",))(id)
