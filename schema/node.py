"""Global ids, the Node interface and the decorator for views of documents."""

import base64
import binascii
from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

from documents.base import TenantDocument
from domain.errors import NotFound

T = TypeVar("T", bound=type)


def global_id(type_name: str, local: object) -> strawberry.ID:
    """The id clients see: type and stored id, opaque."""
    return strawberry.ID(base64.urlsafe_b64encode(f"{type_name}:{local}".encode()).decode().rstrip("="))


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
    @strawberry.field(description="Opaque id, unique over all types.")
    def id(self, info: strawberry.Info) -> strawberry.ID:
        """Built from the stored id; `self` is the document or row behind the view."""
        return global_id(info._raw_info.parent_type.name, self.id)


VIEW_OF: dict[str, type[TenantDocument]] = {}


def view(document: type[Any], *, description: str) -> Callable[[T], T]:
    """Make a class the GraphQL view of a document. Raises TypeError for a field the document does not have."""

    def decorate(cls: T) -> T:
        known = set(document.model_fields) | {name for name in dir(document) if not name.startswith("_")}
        for name in vars(cls).get("__annotations__", {}):
            if name not in known:
                raise TypeError(f"{cls.__name__}.{name}: {document.__name__} has no such field.")
        kinds = (document, document.Row) if issubclass(document, TenantDocument) else (document,)
        cls.is_type_of = classmethod(lambda _, value, info: isinstance(value, kinds))  # type: ignore[attr-defined]
        if issubclass(document, TenantDocument):
            VIEW_OF[cls.__name__] = document
        decorated: T = strawberry.type(cls, description=description)
        return decorated

    return decorate


def said(description: str, **options: Any) -> Any:
    """A plain field with its description."""
    return strawberry.field(description=description, **options)
