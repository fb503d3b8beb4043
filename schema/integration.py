"""How integrations do, and the live messages about it."""

from datetime import UTC, datetime
from typing import Annotated, Any, Union

import strawberry

import documents
from domain.facts.health import CircuitBreaker, HealthProblem, HealthState, ServiceHealth
from schema.account import Account
from schema.feed import StreamReset
from schema.node import Node, derived, said, view
from schema.relation import organization_id_of, related
from schema.scalars import Cursor


@view(documents.IntegrationHealth, description="How the integration of one account does.")
class IntegrationHealth(Node):
    state: HealthState = said("How it does, in a word.")
    score: int | None = said("From 0 to 100; null while nothing was asked.")
    at: datetime = said("When this was found.")
    services: strawberry.Private[list[Any]]
    breakers: strawberry.Private[list[Any]]
    problems: strawberry.Private[list[Any]]
    account: Account | None = related("account_id", "The account it is about.")

    @derived("What is wrong and what to do, worst first.", reads=("problems",), name="problems")
    def told_problems(self) -> list[HealthProblem]:
        return [HealthProblem.model_validate(stored) for stored in self.problems or []]

    @derived("The figures of each service in the last hour it was asked in.", reads=("services",), name="services")
    def told_services(self) -> list[ServiceHealth]:
        return [ServiceHealth.model_validate(stored) for stored in self.services or []]

    @derived(
        "Circuit breakers that are open, or were within a day; all others are closed.",
        reads=("breakers",),
        name="circuitBreakers",
    )
    def told_breakers(self) -> list[CircuitBreaker]:
        return [_breaker(stored) for stored in self.breakers or []]

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


def _breaker(stored: Any) -> CircuitBreaker:
    """The driver leaves the zone out where it is quick."""
    breaker = CircuitBreaker.model_validate(stored)
    return breaker.model_copy(update={"since": _utc(breaker.since), "next_try_at": _utc(breaker.next_try_at)})


def _utc(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo is not None else at.replace(tzinfo=UTC)


@strawberry.type(description="The health of an integration changed.")
class IntegrationHealthChanged:
    cursor: Cursor = said("Place in the feed just after this message; pass it as `after` to go on from here.")
    at: datetime = said("When it changed.")
    health: IntegrationHealth = said("The health as it was at that moment.")


IntegrationHealthFeed = Annotated[
    Union[IntegrationHealthChanged, StreamReset],  # noqa: UP007 - strawberry names the union through Annotated
    strawberry.union("IntegrationHealthFeed", description="One message of the feed of integrations."),
]
