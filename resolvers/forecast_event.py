"""What people know of costs to come: list, enter, change and take it away."""

from datetime import UTC
from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.cost_period import midnight
from documents.forecast_event import change_event, remove_event
from documents.page import Keyset
from documents.transaction import Transaction
from domain.errors import Invalid
from jobs.queue import ask_anomaly_scan, ask_forecast
from resolvers.context import Info
from resolvers.fields import mutation, query
from resolvers.routing import NOT_AUDITED, WHAT
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.forecast import (
    CreateForecastEventInput,
    CreateForecastEventPayload,
    DeleteForecastEventInput,
    DeleteForecastEventPayload,
    EventFields,
    ForecastEvent,
    UpdateForecastEventInput,
    UpdateForecastEventPayload,
)
from schema.node import local_id

BY_DAY = Keyset((("first", 1),))


@strawberry.type
class ForecastEventQueries:
    @query(
        Connection[ForecastEvent],
        may=Permission.COSTS_READ,
        description="What is known of costs to come, by its first day.",
    )
    async def forecast_events(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id:
            scope = scope.narrowed(local_id("Organization", organization_id))
        pager = info.context.ports.pager
        return await pager.page(info, documents.ForecastEvent, scope, {}, BY_DAY, first=first, after=after)


@strawberry.type
class ForecastEventMutations:
    @mutation(
        CreateForecastEventPayload,
        may=Permission.COSTS_MANAGE,
        audit="forecast_event.create",
        description="Enter something known of costs to come. The next forecast, within the hour, counts on it.",
    )
    async def create_forecast_event(
        self, info: Info, input: Annotated[CreateForecastEventInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        org_id = ObjectId(context.organization(input.organization_id))
        event = documents.ForecastEvent(org_id=org_id, **_checked(input))

        async def change(tx: Transaction) -> documents.ForecastEvent:
            await event.add(tx.session)
            _ask_for_work(tx, org_id)
            tx.audit(org_id, target=f"forecast_event:{event.id}", after=_audited(event))
            return event

        return await context.ports.writer.commit(change)

    @mutation(
        UpdateForecastEventPayload,
        may=Permission.COSTS_MANAGE,
        audit="forecast_event.update",
        description="Change something known of costs to come.",
    )
    async def update_forecast_event(
        self, info: Info, input: Annotated[UpdateForecastEventInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id, fields = info.context, local_id("ForecastEvent", input.event_id), _checked(input)

        async def change(tx: Transaction) -> documents.ForecastEvent:
            event = await documents.ForecastEvent.get_in(context.scope, id, session=tx.session)
            changed = await change_event(event, fields, input.expected_version, tx.session)
            _ask_for_work(tx, event.org_id)
            tx.audit(event.org_id, target=f"forecast_event:{id}", before=_audited(event), after=_audited(changed))
            return changed

        return await context.ports.writer.commit(change)

    @mutation(
        DeleteForecastEventPayload,
        may=Permission.COSTS_MANAGE,
        audit="forecast_event.delete",
        description="Take away something that is not to come after all.",
    )
    async def delete_forecast_event(
        self, info: Info, input: Annotated[DeleteForecastEventInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("ForecastEvent", input.event_id)

        async def change(tx: Transaction) -> documents.ForecastEvent:
            event = await documents.ForecastEvent.get_in(context.scope, id, session=tx.session)
            await remove_event(event, input.expected_version, tx.session)
            _ask_for_work(tx, event.org_id)
            tx.audit(event.org_id, target=f"forecast_event:{id}", before=_audited(event))
            return event

        return await context.ports.writer.commit(change)


def _ask_for_work(tx: Transaction, org_id: ObjectId) -> None:
    """Forecasts count on what is known, and anomalies are not what was known."""
    ask_forecast(tx, org_id)
    ask_anomaly_scan(tx, org_id)


def _checked(input: EventFields) -> dict[str, Any]:
    """The fields to store. Raises Invalid for an event that says nothing, or two things."""
    if input.until is not None and input.until <= input.first:
        raise Invalid("It must end after it begins.", path=("input", "until"))
    if input.starts_at is not None and input.starts_at.astimezone(UTC).date() != input.first:
        raise Invalid("It must start on the first day (UTC), or leave startsAt out.", path=("input", "startsAt"))
    if (input.amount_per_day is None) is (input.factor is None):
        raise Invalid("Give an amount a day or a factor, one of the two.", path=("input", "amountPerDay"))
    if (input.amount_per_day is None) is not (input.currency is None):
        raise Invalid("An amount needs its currency, and a factor has none.", path=("input", "currency"))
    return {
        "name": input.name,
        "first": midnight(input.first),
        "until": None if input.until is None else midnight(input.until),
        "starts_at": input.starts_at,
        "sub_account_id": input.sub_account_id,
        "service_name": input.service_name,
        "amount": input.amount_per_day,
        "currency": input.currency,
        "factor": input.factor,
    }


def _audited(event: documents.ForecastEvent) -> dict[str, Any]:
    fields: dict[str, Any] = event.model_dump(mode="json", exclude=NOT_AUDITED)
    return fields
