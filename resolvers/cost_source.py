"""Cost sources: make, change, pause and remove them, fetch them now, list them."""

from datetime import timedelta
from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from documents.alert import resolve_alerts
from documents.cost_source import change_source, delete_source
from documents.page import Keyset
from documents.transaction import Transaction
from domain.cadence import next_due
from domain.endpoint import check_endpoint
from domain.errors import Conflict, Invalid
from domain.facts.cost_source import CostSourceKind
from domain.facts.cost_source_settings import CostSourceSettings, place_of
from jobs.queue import ask_fetch
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.cost_source import CostSource
from schema.cost_source_input import (
    CostSourceInput,
    CostSourceSettingsInput,
    CreateCostSourceInput,
    CreateCostSourcePayload,
    FetchCostsPayload,
    PauseCostSourceInput,
    PauseCostSourcePayload,
    RemoveCostSourcePayload,
    UpdateCostSourceInput,
    UpdateCostSourcePayload,
)
from schema.node import local_id

BY_NAME = Keyset((("name", 1),))
AUDITED = {"account_id", "kind", "name", "settings", "place", "fetch_every", "is_paused"}
WHAT = strawberry.argument(description="What to do it with.")
SETTINGS = ("input", "settings")
LONGEST_NAME = 100
# Whoever fetches just now fetches what is no longer wanted.
LET_GO: dict[str, Any] = {"fetcher": None, "fetch_until": None}


@strawberry.type
class CostSourceQueries:
    @query(
        Connection[CostSource],
        may=Permission.COSTS_READ,
        description="Places that bills are fetched from by themselves, by name.",
    )
    async def cost_sources(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        context, scope = info.context, info.context.scope
        if organization_id is not None:
            scope = scope.narrowed(local_id("Organization", organization_id))
        return await context.ports.pager.page(info, documents.CostSource, scope, {}, BY_NAME, first=first, after=after)

    @query(CostSource, may=Permission.COSTS_READ, description="One place that bills are fetched from.")
    async def cost_source(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the source.")]
    ) -> Any:
        return await _source(info.context, id)


@strawberry.type
class CostSourceMutations:
    @mutation(
        CreateCostSourcePayload,
        may=Permission.COSTS_MANAGE,
        audit="cost_source.create",
        description="Have bills fetched from a place. The first fetch begins at once and proves what was given; an "
        "alert says what is missing.",
    )
    async def create_cost_source(self, info: Info, input: Annotated[CreateCostSourceInput, WHAT]) -> Any:
        context = info.context
        account = await documents.Account.get_in(context.scope, local_id("Account", input.account_id))
        kind, settings = _chosen(context, input.settings)
        _check_account(account, kind)
        place = place_of(kind, settings, account.native_id or str(account.id))
        every = _every(input.fetch_every_minutes) or kind.usual_cadence
        id = PydanticObjectId()
        source = documents.CostSource(
            id=id,
            org_id=account.org_id,
            account_id=account.id,
            kind=kind,
            name=input.name or place[:LONGEST_NAME],
            settings=settings.model_dump(mode="json"),
            place=place,
            fetch_every=every,
            next_fetch_at=next_due(str(id), every, context.now()),
        )

        async def change(tx: Transaction) -> documents.CostSource:
            present = await documents.Account.get_in(context.scope, str(account.id), session=tx.session)
            _check_account(present, kind)
            await source.insert(session=tx.session)
            ask_fetch(tx, source)
            tx.audit(source.org_id, target=_target(source), after=_shown(source))
            return source

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise Conflict(f"Bills are fetched from {place} already.", path=SETTINGS) from error

    @mutation(
        UpdateCostSourcePayload,
        may=Permission.COSTS_MANAGE,
        audit="cost_source.update",
        description="Change what a cost source is called, how often it is looked at, or how its place is reached. "
        "With other settings everything is fetched anew.",
    )
    async def update_cost_source(self, info: Info, input: Annotated[UpdateCostSourceInput, WHAT]) -> Any:
        context = info.context
        source = await _source(context, input.id, input.expected_version)
        changes: dict[str, Any] = {}
        if input.name is not None:
            changes["name"] = input.name
        if (every := _every(input.fetch_every_minutes)) is not None:
            changes["fetch_every"] = every.total_seconds()
            if not source.is_paused:
                changes["next_fetch_at"] = next_due(str(source.id), every, context.now())
        if input.settings is not None:
            changes |= await _other_settings(context, source, input.settings)
        if not changes:
            raise Invalid("Name at least one thing to change.", path=("input",))
        return await _changed(context, source, changes, fetch="settings" in changes and not source.is_paused)

    @mutation(
        PauseCostSourcePayload,
        may=Permission.COSTS_MANAGE,
        audit="cost_source.pause",
        description="Fetch nothing from a place for now, or go on. A fetch that is under way ends.",
    )
    async def pause_cost_source(self, info: Info, input: Annotated[PauseCostSourceInput, WHAT]) -> Any:
        context = info.context
        source = await _source(context, input.id, input.expected_version)
        due = None if input.is_paused else next_due(str(source.id), source.fetch_every, context.now())
        changes = {"is_paused": input.is_paused, "next_fetch_at": due, "tries": 0}
        if input.is_paused:
            changes |= LET_GO
        return await _changed(context, source, changes, fetch=not input.is_paused)

    @mutation(
        RemoveCostSourcePayload,
        may=Permission.COSTS_MANAGE,
        audit="cost_source.remove",
        description="Fetch nothing from a place any more. What was loaded from it stays.",
    )
    async def remove_cost_source(self, info: Info, input: Annotated[CostSourceInput, WHAT]) -> Any:
        context = info.context
        source = await _source(context, input.id)

        async def change(tx: Transaction) -> documents.CostSource:
            await delete_source(source, tx.session)
            await resolve_alerts(tx, source.org_id, [source.alert], context.now())
            tx.audit(source.org_id, target=_target(source), before=_shown(source))
            return source

        return await context.ports.writer.commit(change)

    @mutation(
        FetchCostsPayload,
        may=Permission.COSTS_MANAGE,
        audit="cost_source.fetch",
        description="Look for new bills now. One that is being fetched goes on as it is.",
    )
    async def fetch_costs(self, info: Info, input: Annotated[CostSourceInput, WHAT]) -> Any:
        source = await _source(info.context, input.id)
        if source.is_paused:
            raise Conflict("This cost source is paused: go on with it first.", path=("input", "id"))

        async def change(tx: Transaction) -> documents.CostSource:
            ask_fetch(tx, source)
            tx.audit(source.org_id, target=_target(source), after={"fetch": "asked"})
            return source

        return await info.context.ports.writer.commit(change)


async def _source(context: Context, id: str, expected_version: int | None = None) -> documents.CostSource:
    source = await documents.CostSource.get_in(context.scope, local_id("CostSource", id))
    if expected_version not in (None, source.version):
        raise Conflict("Somebody else has changed this cost source: look at it again.", current=source)
    return source


async def _changed(
    context: Context, source: documents.CostSource, changes: dict[str, Any], *, fetch: bool
) -> documents.CostSource:
    async def change(tx: Transaction) -> documents.CostSource:
        changed = await change_source(source, changes, tx.session)
        if fetch:
            ask_fetch(tx, changed)
        tx.audit(source.org_id, target=_target(source), before=_shown(source), after=_shown(changed))
        return changed

    return await context.ports.writer.commit(change)


async def _other_settings(
    context: Context, source: documents.CostSource, given: CostSourceSettingsInput
) -> dict[str, Any]:
    """The changes that other settings of the same place make. Raises Invalid for another place."""
    kind, settings = _chosen(context, given)
    account = await documents.Account.get_in(context.scope, str(source.account_id))
    if kind is not source.kind or place_of(kind, settings, account.native_id or str(account.id)) != source.place:
        raise Invalid("This is another place: make a source for it, and remove this one.", path=SETTINGS)
    return {"settings": settings.model_dump(mode="json"), "months": [], "tries": 0, **LET_GO}


def _chosen(context: Context, given: CostSourceSettingsInput) -> tuple[CostSourceKind, CostSourceSettings]:
    """Kind and settings. Raises Invalid for an address that may not be called."""
    kind, settings = given.chosen
    url = getattr(settings, "endpoint_url", None)
    if url is not None:
        try:
            check_endpoint(url, context.ports.allow_private_endpoints)
        except Invalid as error:
            raise Invalid(error.message, path=(*SETTINGS, "endpointUrl")) from error
    return kind, settings


def _check_account(account: documents.Account, kind: CostSourceKind) -> None:
    path = ("input", "accountId")
    if account.provider is not kind.provider:
        raise Invalid(f"This is an account of {account.provider}: it opens no {kind.value}.", path=path)
    if not account.is_connected:
        raise Conflict("This account is not connected. Connect it first with connectAccount.", path=path)


def _every(minutes: int | None) -> timedelta | None:
    return None if minutes is None else timedelta(minutes=minutes)


def _shown(source: documents.CostSource) -> dict[str, Any]:
    shown: dict[str, Any] = source.model_dump(include=AUDITED)
    return shown


def _target(source: documents.CostSource) -> str:
    return f"cost_source:{source.id}"
