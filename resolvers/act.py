"""A mutation as an act of the audit log: who calls from where, and the entry of one that was refused or broke."""

from typing import Any

import structlog
from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.errors import PyMongoError
from starlette.requests import HTTPConnection

from auth.scope import scope_of
from auth.viewer import Viewer
from documents.audit import INSTALLATION, Act, Outcome, acting
from documents.transaction import Transaction
from documents.user import memberships_of_many
from domain.errors import NotFound, RateLimited, Refused
from resolvers.context import Context
from schema.node import parse_id

log = structlog.get_logger()

ANONYMOUS = "anonymous"
# What callers send ends up in the log; longer than this is no name of a browser and no id.
LONGEST = 200


def act_of(action: str, context: Context) -> Act:
    """The act that a mutation called in this context is."""
    address, user_agent = _origin(context.call)
    return Act(
        action=action,
        actor=context.viewer.actor if context.viewer else ANONYMOUS,
        address=address,
        user_agent=user_agent,
        request_id=context.request_id,
        providers=_providers(context.viewer),
    )


def _providers(viewer: Viewer | None) -> dict[str, str]:
    standings = viewer.standings if viewer else {}
    return {org_id: standing.msp_id for org_id, standing in standings.items() if standing.msp_id is not None}


def _origin(call: object) -> tuple[str | None, str | None]:
    connection = getattr(call, "connection", None)
    if not isinstance(connection, HTTPConnection):
        return None, None
    user_agent = connection.headers.get("user-agent")
    # The client's, past the proxies that are ours; the peer of the connection may be one of them.
    return getattr(call, "address", None), user_agent and user_agent[:LONGEST]


async def record_refusal(act: Act, context: Context, input: Any, error: Exception) -> None:
    """Write down that the act was refused, or broke, in the log of the organization concerned.

    A database that is away is told to the log of the process only: the caller shall hear of what went wrong first.
    """
    if context.viewer is None and isinstance(error, RateLimited):
        return  # what is not even looked at must cost next to nothing
    is_refused = isinstance(error, Refused)
    outcome = Outcome.REFUSED if is_refused else Outcome.FAILED
    reason = error.code if isinstance(error, Refused) else type(error).__name__
    person = getattr(error, "person", None)
    target = f"user:{person}" if person else _target(input)

    async def change(tx: Transaction) -> None:
        for org_id in await _concerned(context, input, person):
            tx.audit(org_id, target=target, outcome=outcome, reason=reason)

    try:
        with acting(act):
            await context.ports.writer.commit(change)
    except PyMongoError:
        log.exception("audit_failed", action=act.action, actor=act.actor)


async def _concerned(context: Context, input: Any, person: object) -> list[PydanticObjectId]:
    """The organizations whose logs tell of a refused act. Asks the same of the database whether there is a person."""
    if context.viewer is not None:
        return [organization_of(context, input)]
    memberships = await memberships_of_many([PydanticObjectId(str(person or INSTALLATION))])
    return [raw["org_id"] for raw in memberships] or [INSTALLATION]


def organization_of(context: Context, input: Any) -> PydanticObjectId:
    """Whose log tells of a refused act: the organization that the input names, if it is in reach, else the only one in
    reach, else the installation's.
    """
    if context.viewer is None:
        return PydanticObjectId(INSTALLATION)
    reach = scope_of(context.viewer, None).visible
    for name in ("organization_id", "msp_id"):
        kind, local = _named(getattr(input, name, None))
        if kind == "Organization" and local in reach:
            return PydanticObjectId(local)
    return PydanticObjectId(next(iter(reach)) if len(reach) == 1 else INSTALLATION)


def _target(input: Any) -> str:
    """What the input is about, as noun:id; empty when it names nothing but an organization."""
    for name in getattr(type(input), "model_fields", {}):
        kind, local = _named(getattr(input, name, None)) if name == "id" or name.endswith("_id") else ("", "")
        if ObjectId.is_valid(local) and (kind != "Organization" or name not in ("organization_id", "msp_id")):
            return f"{kind.lower()[:LONGEST]}:{local}"
    return ""


def _named(value: Any) -> tuple[str, str]:
    try:
        return parse_id(value) if isinstance(value, str) else ("", "")
    except NotFound:
        return "", ""
