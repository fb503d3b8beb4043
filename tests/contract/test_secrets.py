"""A stored field that looks like a secret is sealed, and says so: only then does the rotation of keys find it."""

import re
import types
from collections.abc import Iterator
from typing import Any, ClassVar, Union, get_args, get_origin

import pytest
from beanie import Document
from pydantic import BaseModel, SecretStr

from documents.every_document import ALL

SECRET = re.compile(r"secret|credential|seed|password|passphrase|private|cipher|token|webhook|api_key")
# What is stored instead of a secret: it opens nothing, so it is no cipher text.
DIGEST = re.compile(r"(hash|digest|fingerprint)$")


def fields_below(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, set[Any]]]:
    """(path with dots, plain types it may hold) of every field, embedded models included."""
    for name, info in model.model_fields.items():
        kinds = set(plain_types(info.annotation))
        yield f"{prefix}{name}", kinds
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from fields_below(kind, f"{prefix}{name}.")


def plain_types(annotation: Any) -> Iterator[Any]:
    """The types a Union, an Annotated or a container is made of."""
    if get_origin(annotation) is None:
        yield annotation
    elif get_origin(annotation) in (Union, types.UnionType):
        for one in get_args(annotation):
            yield from plain_types(one)
    else:
        yield from (kind for one in get_args(annotation)[:2] for kind in plain_types(one))


def unsealed(document: type[BaseModel]) -> list[str]:
    """Fields of binary data with the name of a secret that are not declared, and secrets stored in plain text."""
    declared = set(getattr(document, "sealed", ()))
    return [
        f"{document.__name__}.{path}"
        for path, kinds in fields_below(document)
        if path not in declared
        and (SecretStr in kinds or (bytes in kinds and is_named_like_a_secret(path.rpartition(".")[2])))
    ]


def is_named_like_a_secret(name: str) -> bool:
    return bool(SECRET.search(name)) and not DIGEST.search(name)


def missing(document: type[BaseModel]) -> list[str]:
    """Declared fields that do not exist or hold something else than bytes."""
    binary = {path for path, kinds in fields_below(document) if bytes in kinds}
    return [f"{document.__name__}.{path}" for path in getattr(document, "sealed", ()) if path not in binary]


@pytest.mark.parametrize("document", ALL)
def test_every_stored_secret_is_sealed_and_declared(document: type[Document]) -> None:
    assert unsealed(document) == []
    assert missing(document) == []


def test_there_are_sealed_fields() -> None:
    assert any(getattr(document, "sealed", ()) for document in ALL)


class Inner(BaseModel):
    seed: bytes | None = None


class Careless(BaseModel):
    webhook_secret: bytes
    factor: Inner | None = None
    token_hash: bytes = b""
    picture: bytes = b""
    phrase: SecretStr | None = None


class Wrong(BaseModel):
    sealed: ClassVar[tuple[str, ...]] = ("gone", "text")
    text: str = ""


def test_a_secret_that_is_not_declared_is_noticed() -> None:
    assert unsealed(Careless) == ["Careless.webhook_secret", "Careless.factor.seed", "Careless.phrase"]


def test_a_declaration_of_what_is_not_there_is_noticed() -> None:
    assert missing(Wrong) == ["Wrong.gone", "Wrong.text"]
