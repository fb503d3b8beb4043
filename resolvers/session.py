"""Sessions: how every sign-in ends in one, and how they are refreshed, shown and ended."""

from collections.abc import Awaitable, Callable, Collection
from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

import documents
from auth.authentication import has_second_factor
from auth.cookies import ACCESS_COOKIE, REFRESH_COOKIE, cookie, dropped_cookie, kept_cookie
from auth.enforced import enforced_provider, refuse_password
from auth.permission import Permission
from auth.refresh import TokenReused, session_end
from documents import AuthMethod, SessionEnd
from documents.audit import INSTALLATION, Outcome, acting_as
from documents.enrolment import factors_of
from documents.organization import cut_off_sessions
from documents.session import end_sessions, renew_session, sessions_of
from documents.sign_in_challenge import Given, open_challenge
from documents.transaction import Transaction
from documents.user import find_user_by_id, memberships_of_many
from domain.errors import Invalid, NotFound, Unauthenticated
from resolvers.context import Context, Info
from resolvers.fields import SIGNED_IN, mutation, query
from schema.directives import Cost, Credential
from schema.factor import SecondFactorRequired
from schema.node import local_id
from schema.session import (
    CutOffSessionsInput,
    CutOffSessionsPayload,
    DeviceSession,
    EndSessionInput,
    EndSessionPayload,
    ProviderSignInRequired,
    RefreshSessionInput,
    RefreshSessionPayload,
    Session,
    SignOutInput,
    SignOutPayload,
    TokenDelivery,
)

WHAT = "What to do it with."
# One hash burns about 300 ms of a core: an address may ask for ten at once and for one each two seconds after that.
HASHING = Cost(weight=1000)
Within = Callable[[AsyncClientSession], Awaitable[None]]


async def _nothing(session: AsyncClientSession) -> None:
    pass


@strawberry.type
class SessionQueries:
    @query(
        list[DeviceSession],
        may=SIGNED_IN,
        directives=(Cost(list_size=50),),
        description="Your sessions on all devices, those used last first, with those that ended in the last 30 days.",
    )
    async def sessions(self, info: Info) -> Any:
        return await sessions_of(_id(info.context.signed_in.user))


@strawberry.type
class SessionMutations:
    @mutation(
        RefreshSessionPayload,
        public="the refresh token says who it is.",
        audit="session.refresh",
        directives=(Credential(),),
        description="Exchange a refresh token for fresh tokens. Each works once; one that comes again after ten "
        "seconds ends the session, because somebody else must have it.",
    )
    async def refresh_session(
        self, info: Info, input: Annotated[RefreshSessionInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        token, delivery = _refresh_token(context, input)
        try:
            exchanged = await context.ports.refresh_tokens.exchange(token, context.now())
        except TokenReused as reused:
            await end_and_tell(context, reused.session.user_id, SessionEnd.TOKEN_REUSED, only=[_id(reused.session)])
            raise
        user = await find_user_by_id(exchanged.session.user_id)
        if user is None:
            raise Unauthenticated("This account no longer exists.")
        return handed_out(context, user, exchanged.session, exchanged.token, delivery)

    @mutation(
        SignOutPayload,
        may=SIGNED_IN,
        audit="session.sign_out",
        description="End this session, or all of yours. Their tokens end at once, and so do open subscriptions.",
    )
    async def sign_out(self, info: Info, input: Annotated[SignOutInput, strawberry.argument(description=WHAT)]) -> Any:
        context = info.context
        viewer = context.signed_in
        only = None if input.everywhere else [ObjectId(viewer.signed_in.session_id)]
        ended = await end_and_tell(context, _id(viewer.user), SessionEnd.SIGNED_OUT, only=only)
        for name in (ACCESS_COOKIE, REFRESH_COOKIE):
            context.caller.headers.append("set-cookie", dropped_cookie(name))
        return len(ended)

    @mutation(
        EndSessionPayload,
        may=SIGNED_IN,
        audit="session.end",
        description="End one of your sessions, for example that of a lost phone.",
    )
    async def end_session(
        self, info: Info, input: Annotated[EndSessionInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        user_id, wanted = _id(info.context.signed_in.user), local_id("DeviceSession", input.session_id)
        if not ObjectId.is_valid(wanted):
            raise NotFound.of("session")
        await end_and_tell(info.context, user_id, SessionEnd.ENDED_ELSEWHERE, only=[ObjectId(wanted)])
        found = [one for one in await sessions_of(user_id) if str(one.id) == wanted]
        if not found:
            raise NotFound.of("session")
        return found[0]

    @mutation(
        CutOffSessionsPayload,
        may=Permission.ORGANIZATIONS_MANAGE,
        audit="session.cut_off",
        step_up=True,
        description="Have everybody sign in anew before they may do anything in this organization.",
    )
    async def cut_off_sessions(
        self, info: Info, input: Annotated[CutOffSessionsInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        org_id = info.context.organization(input.organization_id)

        async def change(tx: Transaction) -> documents.Organization:
            organization = await cut_off_sessions(org_id, info.context.now(), tx.session)
            after = {"sessions_valid_from": organization.sessions_valid_from}
            tx.audit(organization.id, target=f"organization:{org_id}", after=after)
            return organization

        return await info.context.ports.writer.commit(change)


async def start_session(
    context: Context,
    user: documents.User,
    methods: Collection[AuthMethod],
    delivery: TokenDelivery = TokenDelivery.BODY,
    *,
    within: Within = _nothing,
) -> Session | SecondFactorRequired:
    """The one door by which a sign-in, of whatever kind, ends in a session. The person has been checked by `methods`.

    It stays shut while the person has a second factor and has not shown one. `within` is called in the transaction that
    opens the session, to use up what the sign-in was made with.
    """
    if AuthMethod.PASSWORD in methods:
        await refuse_password(user.email)
    factors = await factors_of(_id(user))
    if factors and not has_second_factor(methods):
        return await _ask_second_factor(context, user, methods, factors)
    now, caller = context.now(), context.caller
    stored = documents.Session(
        user_id=_id(user),
        authenticated_at=now,
        factor_at=now if has_second_factor(methods) else None,
        methods=sorted(methods),
        address=caller.address,
        user_agent=caller.user_agent,
        created_at=now,
        used_at=now,
        expires_at=session_end(now, now),
    )

    async def change(tx: Transaction) -> str:
        await within(tx.session)
        await stored.insert(session=tx.session)
        await audit_about(tx, _id(user), target=f"session:{stored.id}", after={"methods": stored.methods})
        return await context.ports.refresh_tokens.first(stored, tx.session)

    with acting_as(f"user:{user.id}"):
        token = await context.ports.writer.commit(change)
    return handed_out(context, user, stored, token, delivery)


async def first_session(
    context: Context, user: documents.User, delivery: TokenDelivery
) -> Session | ProviderSignInRequired:
    """The session of somebody who has just become a user, which stands; none where passwords do not count."""
    provider = await enforced_provider(user.email)
    if provider is not None:
        return ProviderSignInRequired(provider_name=provider.name)
    opened = await start_session(context, user, [AuthMethod.PASSWORD], delivery)
    assert isinstance(opened, Session)  # noqa: S101 - who is new has no second factor to be asked for
    return opened


async def _ask_second_factor(
    context: Context, user: documents.User, methods: Collection[AuthMethod], factors: Collection[AuthMethod]
) -> SecondFactorRequired:
    async def change(tx: Transaction) -> Given:
        given = await open_challenge(user, methods, context.now(), tx.session)
        await audit_about(tx, _id(user), target=f"user:{user.id}", after={"methods": methods, "asked": factors})
        return given

    given = await context.ports.writer.commit(change)
    ways = [*factors, AuthMethod.RECOVERY_CODE]
    return SecondFactorRequired(challenge=given.text, methods=ways, expires_at=given.expires_at)


async def freshen(context: Context, methods: Collection[AuthMethod], *, within: Within = _nothing) -> documents.Session:
    """Note in the session that the person has shown again, by these methods, who they are; `within` as above."""
    viewer = context.signed_in

    async def change(tx: Transaction) -> documents.Session:
        await within(tx.session)
        id = ObjectId(viewer.signed_in.session_id)
        session = await renew_session(id, methods, context.now(), tx.session)
        await audit_about(tx, session.user_id, target=f"session:{id}", after={"methods": session.methods})
        return session

    return await context.ports.writer.commit(change)


async def audit_about(tx: Transaction, user_id: PydanticObjectId, **entry: Any) -> None:
    """An audit entry about a person, in every organization they are a member of; else in the installation's log."""
    memberships = await memberships_of_many([user_id])
    for org_id in [raw["org_id"] for raw in memberships] or [INSTALLATION]:
        tx.audit(org_id, **entry)


def handed_out(
    context: Context, user: documents.User, stored: documents.Session, refresh_token: str, delivery: TokenDelivery
) -> Session:
    """The tokens of a session, in the answer or in cookies."""
    now = context.now()
    token, expires_at = context.ports.tokens.issue(
        str(user.id),
        now,
        session_id=str(stored.id),
        session_version=user.session_version,
        until=stored.expires_at,
    )
    in_cookies = delivery is TokenDelivery.COOKIE
    if in_cookies:
        kept = ((ACCESS_COOKIE, token, expires_at), (REFRESH_COOKIE, refresh_token, stored.expires_at))
        for name, value, until in kept:
            context.caller.headers.append("set-cookie", kept_cookie(name, value, now=now, until=until))
    return Session(
        access_token=None if in_cookies else token,
        expires_at=expires_at,
        refresh_token=None if in_cookies else refresh_token,
        refresh_expires_at=stored.expires_at,
        user=user,
    )


async def end_and_tell(
    context: Context,
    user_id: PydanticObjectId,
    reason: SessionEnd,
    *,
    only: Collection[ObjectId] | None = None,
    but: ObjectId | None = None,
) -> list[ObjectId]:
    """End sessions as documents.session.end_sessions does, close what they hold open, and deny their tokens."""

    async def change(tx: Transaction) -> list[ObjectId]:
        ended = await end_sessions(user_id, reason, only=only, but=but, session=tx.session)
        after = {"ended": list(map(str, ended)), "why": reason}
        await audit_about(tx, user_id, target=f"user:{user_id}", after=after, **_ending(reason))
        return ended

    ended = await context.ports.writer.commit(change)
    await tell_ended(context, user_id, ended)
    return ended


async def tell_ended(context: Context, user_id: PydanticObjectId, ended: Collection[ObjectId]) -> None:
    """What follows once sessions are ended in the database: every process closes and forgets what they hold open."""
    sessions = [str(id) for id in ended]
    await context.ports.denylist.deny(sessions=sessions)
    context.ports.revocations.announce(f"user:{user_id}", sessions)


def _ending(reason: SessionEnd) -> dict[str, Any]:
    """How the log says it: who came with a stolen token asked for fresh ones, and got none."""
    is_theft = reason is SessionEnd.TOKEN_REUSED
    return {"outcome": Outcome.REFUSED, "reason": reason.value} if is_theft else {}


def _refresh_token(context: Context, input: RefreshSessionInput) -> tuple[str, TokenDelivery]:
    if input.refresh_token is not None:
        return input.refresh_token.get_secret_value(), TokenDelivery.BODY
    kept = cookie(context.caller.connection, REFRESH_COOKIE)
    if kept is None:
        raise Invalid("Send the refresh token, or have it in its cookie.", path=("input", "refreshToken"))
    return kept, TokenDelivery.COOKIE


def _id(document: Any) -> PydanticObjectId:
    id: PydanticObjectId = document.id
    return id
