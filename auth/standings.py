"""Works out who holds what, for many principals at once, from what is stored now."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

from auth.authentication import Subject, has_second_factor
from auth.machines import SERVICE, Machine, load_machines
from auth.permission import known_permissions
from auth.standing import Standing, Standings, standing_of
from documents.client_access import accesses_of_many
from documents.custom_role import permissions_of_roles
from documents.organization import clients_by_provider, guarded
from documents.session import AuthMethod, open_sessions
from documents.user import Role, User, memberships_of_many, users_by_id

NEEDS_FACTOR = "This organization requires a second factor: set one up, then sign in with it."
NOTHING: Standings = {}
# Organization to what it asks of sessions: documents.organization.guarded.
Asks = Mapping[PydanticObjectId, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Held:
    """A standing, and the membership's own cut-off: sessions whose sign-in is older hold nothing."""

    standing: Standing
    valid_from: datetime | None = None
    # Where one is at work for a provider: what is held there, on which this depends.
    through: "_Held | None" = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a person's subject: who they are, the session they came with, what they hold."""

    user: User
    standings: Standings
    authenticated_at: datetime
    methods: frozenset[AuthMethod]
    expires_at: datetime
    factor_at: datetime | None = None


async def load_standings_of(subjects: Collection[Subject]) -> dict[Subject, Standings]:
    """Subject to what it holds; nothing for one whose session or key has ended or who is gone."""
    known = await load_principals(subjects)
    return {subject: known[subject].standings if subject in known else NOTHING for subject in subjects}


async def still_open(subjects: Collection[Subject]) -> set[Subject]:
    """Those of these subjects whose session or key is good and who are still there."""
    return set(await load_principals(subjects))


async def load_principals(subjects: Collection[Subject]) -> dict[Subject, Known | Machine]:
    """Those of these people and machines who are still there, in a handful of queries for all of them."""
    machines = [subject for subject in subjects if subject.kind == SERVICE]
    people = [subject for subject in subjects if subject.kind != SERVICE]
    known, found = await asyncio.gather(load_known(people), load_machines(machines))
    return {**known, **found}


async def load_known(subjects: Collection[Subject]) -> dict[Subject, Known]:
    """Those of these people who are still there, with their session open, in a handful of queries for all of them."""
    if not subjects:
        return {}
    ids = {subject: PydanticObjectId(subject.local_id) for subject in subjects}
    sessions, users, held = await asyncio.gather(
        open_sessions([ObjectId(subject.session_id) for subject in subjects]),
        users_by_id(list(ids.values())),
        _held_by(list(ids.values())),
    )
    asks = await guarded({PydanticObjectId(org_id) for places in held.values() for org_id in places})
    known: dict[Subject, Known] = {}
    for subject, user_id in ids.items():
        session, user = sessions.get(ObjectId(subject.session_id)), users.get(user_id)
        if session is not None and user is not None and session["user_id"] == user_id:
            known[subject] = _known(user, session, held.get(user_id, {}), asks)
    return known


async def standing_without_session(user: User, org_id: PydanticObjectId, now: datetime) -> Standing | None:
    """What a person holds in an organization who comes by a way that knows no sessions, such as a chat; None: nothing.

    An organization that asks for a second factor lets nobody in that way: no such way can show one.
    """
    held = (await _held_by([user.own_id])).get(user.own_id, {}).get(str(org_id))
    if held is None:
        return None
    places = {org_id, *(PydanticObjectId(one) for one in (held.standing.msp_id,) if one)}
    return _left(str(org_id), held, await guarded(places), now, frozenset())


def _known(user: User, session: Mapping[str, Any], held: Mapping[str, _Held], asks: Asks) -> Known:
    methods = frozenset(AuthMethod(method) for method in session["methods"])
    since: datetime = session["authenticated_at"]
    standings = {}
    for org_id, one in held.items():
        left = _left(org_id, one, asks, since, methods)
        if left is not None:
            standings[org_id] = left
    return Known(user, standings, since, methods, session["expires_at"], session.get("factor_at"))


def _left(org_id: str, held: _Held, asks: Asks, since: datetime, methods: frozenset[AuthMethod]) -> Standing | None:
    """What is left of a standing after what the organization, and the provider one works for, ask of sessions."""
    if held.through is not None and held.standing.msp_id is not None:
        at_provider = _left(held.standing.msp_id, held.through, asks, since, methods)
        if at_provider is None or at_provider.blocked:
            return None
    if held.valid_from is not None and since < held.valid_from:
        return None
    asked = asks.get(PydanticObjectId(org_id))
    if asked is None:
        return held.standing
    if asked.get("deleted_at") is not None:
        return None
    valid_from = asked.get("sessions_valid_from")
    if valid_from is not None and since < valid_from:
        return None
    if asked.get("requires_second_factor") and not has_second_factor(methods):
        return replace(held.standing, permissions=frozenset(), blocked=NEEDS_FACTOR)
    return held.standing


async def _held_by(user_ids: Collection[PydanticObjectId]) -> dict[PydanticObjectId, dict[str, _Held]]:
    """Person to what their memberships and their stays in client organizations give them."""
    memberships = await memberships_of_many(user_ids)
    custom = await _custom_roles(memberships)
    held: defaultdict[PydanticObjectId, dict[str, _Held]] = defaultdict(dict)
    managers: set[tuple[PydanticObjectId, PydanticObjectId]] = set()
    for raw in memberships:
        held[raw["user_id"]][str(raw["org_id"])] = _Held(custom(raw), raw.get("sessions_valid_from"))
        if raw["role"] == Role.MSP_ADMIN:
            managers.add((raw["user_id"], raw["org_id"]))
    if managers:
        await _add_stays(held, managers)
    return held


async def _custom_roles(memberships: list[dict[str, Any]]) -> Callable[[Mapping[str, Any]], Standing]:
    ids = {raw["custom_role_id"] for raw in memberships if raw.get("custom_role_id") is not None}
    roles = await permissions_of_roles(ids) if ids else {}

    def standing(raw: Mapping[str, Any]) -> Standing:
        plain = standing_of(Role(raw["role"]))
        if raw.get("custom_role_id") is None:
            return plain
        org_id, names = roles.get(raw["custom_role_id"], (None, frozenset()))
        # A role that is gone, or another organization's, gives nothing.
        permissions = known_permissions(names) if org_id == raw["org_id"] else frozenset()
        return replace(plain, permissions=permissions)

    return standing


async def _add_stays(
    held: Mapping[PydanticObjectId, dict[str, _Held]], managers: set[tuple[PydanticObjectId, PydanticObjectId]]
) -> None:
    stays = [
        stay
        for stay in await accesses_of_many([user_id for user_id, _ in managers])
        if (stay["user_id"], stay["msp_id"]) in managers
    ]
    clients = await clients_by_provider({stay["msp_id"] for stay in stays}) if stays else {}
    for stay in stays:
        managed, named = clients.get(stay["msp_id"], []), stay["client_ids"]
        msp_id, places = str(stay["msp_id"]), held[stay["user_id"]]
        one = _Held(standing_of(Role.ADMIN, msp_id=msp_id), through=places[msp_id])
        for client in managed if named is None else set(named).intersection(managed):
            # What one holds as a member of the client itself goes first.
            places.setdefault(str(client), one)
