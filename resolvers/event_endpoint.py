"""Event endpoints: make, change, rotate and delete them, list them and what they have received."""

import secrets
from typing import Annotated, Any

import strawberry
from bson import Binary

import documents
from auth.permission import Permission
from documents.account import sealed
from documents.alert import resolve_alerts
from documents.intake_endpoint import OVERLAP, change_endpoint, delete_endpoint
from documents.page import Keyset
from documents.received_event import unreadable_of
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid
from domain.facts.intake import IntakeWay
from domain.facts.intake_settings import SETTINGS_OF, EventGridSettings, IntakeSettings
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.event_endpoint import EventEndpoint, IssuedEventEndpoint, ReceivedEvent
from schema.event_endpoint_input import (
    CreateEventEndpointInput,
    CreateEventEndpointPayload,
    DeleteEventEndpointPayload,
    EventEndpointInput,
    EventSettingsInput,
    RotateEventEndpointSecretInput,
    RotateEventEndpointSecretPayload,
    UpdateEventEndpointInput,
    UpdateEventEndpointPayload,
)
from schema.node import local_id

NEWEST_FIRST = Keyset((("created_at", -1),))
NEWEST_RECEIVED = Keyset((("received_at", -1),))
AUDITED = {"account_id", "way", "settings", "is_paused", "previous_until"}
WHAT = strawberry.argument(description="What to do it with.")
SECRET_BYTES = 32


@strawberry.type
class EventEndpointQueries:
    @query(
        Connection[EventEndpoint],
        may=Permission.CHANNELS_READ,
        description="Addresses that events come in at, and queues that are read, the newest first.",
    )
    async def event_endpoints(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        context, scope = info.context, info.context.scope
        if organization_id is not None:
            scope = scope.narrowed(local_id("Organization", organization_id))
        return await context.ports.pager.page(
            info, documents.IntakeEndpoint, scope, {}, NEWEST_FIRST, first=first, after=after
        )

    @query(
        Connection[ReceivedEvent],
        may=Permission.CHANNELS_READ,
        description="What an endpoint has received in the last 30 days, the newest first.",
    )
    async def received_events(
        self,
        info: Info,
        endpoint_id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the endpoint.")],
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        context = info.context
        endpoint = await _endpoint(context, endpoint_id)
        scope = context.scope.narrowed(str(endpoint.org_id))
        return await context.ports.pager.page(
            info,
            documents.ReceivedEvent,
            scope,
            {"endpoint_id": endpoint.id},
            NEWEST_RECEIVED,
            first=first,
            after=after,
        )


@strawberry.type
class EventEndpointMutations:
    @mutation(
        CreateEventEndpointPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="event_endpoint.create",
        step_up=True,
        shows_secret=True,
        description="Make an endpoint for the events of an account. A secret that is made here is shown this once.",
    )
    async def create_event_endpoint(self, info: Info, input: Annotated[CreateEventEndpointInput, WHAT]) -> Any:
        context, way = info.context, input.way
        account = await documents.Account.get_in(context.scope, local_id("Account", input.account_id))
        _check_account(account, way)
        settings = _settings(way, input.settings)
        secret = _secret(way, settings, None if input.secret is None else input.secret.get_secret_value())
        cipher = None if secret is None else await _sealed(context, str(account.org_id), secret)
        endpoint = documents.IntakeEndpoint(
            org_id=account.org_id,
            account_id=account.id,
            way=way,
            settings=settings.model_dump(mode="json"),
            secret=cipher,
        )

        async def change(tx: Transaction) -> documents.IntakeEndpoint:
            present = await documents.Account.get_in(context.scope, str(account.id), session=tx.session)
            _check_account(present, way)
            await endpoint.insert(session=tx.session)
            tx.audit(endpoint.org_id, target=_target(endpoint), after=_shown(endpoint))
            return endpoint

        made = await context.ports.writer.commit(change)
        return IssuedEventEndpoint(secret=_told(way, secret), endpoint=made)

    @mutation(
        UpdateEventEndpointPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="event_endpoint.update",
        description="Change the settings of an endpoint, or pause it: a paused address looks as if it did not exist.",
    )
    async def update_event_endpoint(self, info: Info, input: Annotated[UpdateEventEndpointInput, WHAT]) -> Any:
        endpoint = await _endpoint(info.context, input.id)
        if input.expected_version not in (None, endpoint.version):
            raise Conflict("Somebody else has changed this event endpoint: look at it again.", current=endpoint)
        changes: dict[str, Any] = {}
        if input.settings is not None:
            settings = _settings(endpoint.way, input.settings)
            if _makes_secret(endpoint.way, settings) and endpoint.secret is None:
                raise Conflict("Without tokens it needs a secret, which it does not have: make another endpoint.")
            changes["settings"] = settings.model_dump(mode="json")
        if input.is_paused is not None:
            changes["is_paused"] = input.is_paused
        if not changes:
            raise Invalid("Name at least one thing to change.", path=("input",))
        return await _changed(info.context, endpoint, changes)

    @mutation(
        RotateEventEndpointSecretPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="event_endpoint.rotate",
        step_up=True,
        shows_secret=True,
        description="Give an endpoint another secret. The old one is taken for 24 hours beside it, so that there is "
        "time to change it at the provider.",
    )
    async def rotate_event_endpoint_secret(
        self, info: Info, input: Annotated[RotateEventEndpointSecretInput, WHAT]
    ) -> Any:
        context = info.context
        endpoint = await _endpoint(context, input.id)
        settings = SETTINGS_OF[endpoint.way].model_validate(endpoint.settings)
        given = None if input.secret is None else input.secret.get_secret_value()
        secret = _secret(endpoint.way, settings, given)
        if secret is None:
            raise Conflict("This endpoint has no secret: its events are proven otherwise.")
        changes: dict[str, Any] = {"secret": await _sealed(context, str(endpoint.org_id), secret)}
        if endpoint.secret is not None:
            until = context.now() + OVERLAP
            changes |= {"previous_secret": sealed(endpoint.secret), "previous_until": until}
        made = await _changed(context, endpoint, changes)
        return IssuedEventEndpoint(
            secret=_told(endpoint.way, secret),
            endpoint=made,
        )

    @mutation(
        DeleteEventEndpointPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="event_endpoint.delete",
        description="Take an endpoint away. What it has received is still looked at.",
    )
    async def delete_event_endpoint(self, info: Info, input: Annotated[EventEndpointInput, WHAT]) -> Any:
        endpoint = await _endpoint(info.context, input.id)

        async def change(tx: Transaction) -> documents.IntakeEndpoint:
            await delete_endpoint(endpoint, tx.session)
            await resolve_alerts(tx, endpoint.org_id, [unreadable_of(endpoint.id)], info.context.now())
            tx.audit(endpoint.org_id, target=_target(endpoint), before=_shown(endpoint))
            return endpoint

        return await info.context.ports.writer.commit(change)


async def _endpoint(context: Context, id: str) -> documents.IntakeEndpoint:
    return await documents.IntakeEndpoint.get_in(context.scope, local_id("EventEndpoint", id))


async def _changed(
    context: Context, endpoint: documents.IntakeEndpoint, changes: dict[str, Any]
) -> documents.IntakeEndpoint:
    async def change(tx: Transaction) -> documents.IntakeEndpoint:
        changed = await change_endpoint(endpoint, changes, tx.session)
        new = {"secret": "new"} if "secret" in changes else {}
        tx.audit(endpoint.org_id, target=_target(endpoint), before=_shown(endpoint), after={**_shown(changed), **new})
        return changed

    return await context.ports.writer.commit(change)


def _check_account(account: documents.Account, way: IntakeWay) -> None:
    path = ("input", "accountId")
    if account.provider is not way.provider:
        raise Invalid(f"This is an account of {account.provider}: {way.value} is not among its ways.", path=path)
    if not account.is_connected:
        raise Conflict("This account is not connected. Connect it first with connectAccount.", path=path)


def _settings(way: IntakeWay, given: EventSettingsInput | None) -> IntakeSettings:
    """The settings of the way. Raises Invalid when they are missing, or another way's."""
    path = ("input", "settings")
    kind = SETTINGS_OF[way]
    found = None if given is None else getattr(given, way.value.lower(), None)
    if given is not None and found is None:
        raise Invalid(f"These settings are not those of {way.value}.", path=path)
    if isinstance(found, kind):
        return found
    if any(field.is_required() for field in kind.model_fields.values()):
        raise Invalid(f"Name the settings of {way.value}.", path=path)
    return kind()


def _makes_secret(way: IntakeWay, settings: IntakeSettings) -> bool:
    return way.makes_secret and not (isinstance(settings, EventGridSettings) and settings.has_tokens)


def _secret(way: IntakeWay, settings: IntakeSettings, given: str | None) -> str | None:
    """A new secret of 256 bits, the provider's where it makes it; None where there is none."""
    path = ("input", "secret")
    if way.takes_secret:
        if given is None:
            raise Invalid("Give the signing secret, as the provider shows it.", path=path)
        return given
    if given is not None:
        raise Invalid("This secret is made here: leave it out.", path=path)
    return secrets.token_urlsafe(SECRET_BYTES) if _makes_secret(way, settings) else None


def _told(way: IntakeWay, secret: str | None) -> str | None:
    """Only what was made here is shown."""
    return secret if way.makes_secret else None


async def _sealed(context: Context, org_id: str, secret: str) -> Binary:
    return sealed(await context.ports.vault.seal(org_id, secret))


def _shown(endpoint: documents.IntakeEndpoint) -> dict[str, Any]:
    shown: dict[str, Any] = endpoint.model_dump(include=AUDITED)
    return shown


def _target(endpoint: documents.IntakeEndpoint) -> str:
    return f"event_endpoint:{endpoint.id}"
