"""A source that answers from a table, and lists to read from it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from connectors.reading.listing import Answer, Arguments, Listing, Operation, Place, at
from connectors.reading.source import Identity
from connectors.reading.survey import Survey, SurveyReport
from domain.errors import ProviderError
from domain.facts.resource import Resource, ResourceKind
from tests.fakes.collecting import NOW, Collected

DISK, FIREWALL = ResourceKind.GCP_DISK, ResourceKind.GCP_FIREWALL


class Table:
    """Answers by operation: a list of pages, an error, or pages that end in an error."""

    endpoint = "The vendor"

    def __init__(self, **answers: list[Any] | ProviderError) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str | None, dict[str, Any]]] = []
        self.where: tuple[str, ...] | ProviderError = ("east", "west")

    async def identity(self) -> Identity:
        return Identity("1", "one", "me")

    async def regions(self) -> tuple[str, ...]:
        if isinstance(self.where, ProviderError):
            raise self.where
        return self.where

    async def pages(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        self.asked.append((operation.name, place.region, dict(arguments)))
        await asyncio.sleep(0)
        answers = self.answers[operation.name]
        for page in [answers] if isinstance(answers, ProviderError) else answers:
            if isinstance(page, ProviderError):
                raise page
            yield page


def operation(name: str, **more: Any) -> Operation:
    return Operation(name=name, service="disks", permissions=(f"{name}.read",), **more)


def parse(kind: ResourceKind) -> Any:
    def parsed(item: Any, details: Mapping[str, Any], place: Place) -> Resource | None:
        if item.get("skip"):
            return None
        return Resource(kind=kind, native_id=item["id"], name=item["id"], region=place.region, config=dict(details))

    return parsed


def listing(name: str = "list", kind: ResourceKind = DISK, **more: Any) -> Listing:
    return Listing(operation=operation(name), items=at("items"), kind=kind, parse=parse(kind), **more)


def page(*ids: str) -> dict[str, Any]:
    return {"items": [{"id": id} for id in ids]}


async def read(source: Table, *listings: Listing, **options: Any) -> tuple[Collected, SurveyReport]:
    collected = options.pop("into", None) or Collected()
    place = Place(account_id="1", region=None, now=NOW)
    return collected, await Survey(source, collected, place, **options).read(listings)
