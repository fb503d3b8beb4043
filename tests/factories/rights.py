"""Operations about people and what they may do, and how tests call them."""

from typing import Any

import documents
from app.wiring import Backend
from documents.one_time_token import OneTimeToken, Purpose
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant

RESULT = {
    "changeRole": "member { id role state customRole { name } }",
    "removeMember": "removedId",
    "deactivateMember": "member { id state }",
    "reactivateMember": "member { id state }",
    "endMemberSessions": "member { id }",
    "createCustomRole": "role { id name permissions version }",
    "updateCustomRole": "role { id name permissions version }",
    "deleteCustomRole": "deletedId",
    "invite": "invitation { id email role state invitedBy expiresAt }",
    "revokeInvitation": "invitation { id state }",
    "resendInvitation": "invitation { id state }",
    "acceptInvitation": "joined { organization { id name } session { accessToken user { email } } "
    "providerSignIn { providerName } }",
    "enterClients": "access { id reason expiresAt isAll }",
    "leaveClients": "left",
    "renameOrganization": "organization { id name }",
    "deleteOrganization": "deletedId",
}


async def act(graph: Graph, token: str | None, name: str, /, **input: Any) -> dict[str, Any]:
    """What the mutation answers: its success, or a mendable error; what stands at the top level as {code}."""
    kind = name[0].upper() + name[1:]
    query = f"""mutation($input: {kind}Input!) {{ {name}(input: $input) {{ __typename
      ... on {kind}Success {{ {RESULT[name]} }} ... on UserError {{ code message path }}
      ... on ConflictError {{ current {{ id }} }} }} }}"""
    body = await graph.send(query, token, input=input)
    if body.get("errors"):
        (error,) = body["errors"]
        return {"code": error["extensions"]["code"], "message": error["message"]}
    answer: dict[str, Any] = body["data"][name]
    return answer


async def member_id(member: Tenant) -> str:
    """The global id of the membership."""
    query = {"user_id": member.user.id, "org_id": member.organization.id}
    raw = await documents.Membership.rows().find_one(query)
    assert raw is not None
    return global_id("Member", raw["_id"])


async def invitation_code(backend: Backend, invitation_id: str) -> str | None:
    """The code that the newest mail about an invitation (stored id) carries."""
    query = {"subject": f"invitation:{invitation_id}", "purpose": Purpose.INVITATION.value}
    raw = await OneTimeToken.get_pymongo_collection().find_one(query)
    assert raw is not None
    return backend.one_time_tokens.secret_of(OneTimeToken.model_validate(raw))


async def entries(tenant: Tenant, action: str) -> list[dict[str, Any]]:
    """The organization's audit entries of one action, oldest first."""
    query = {"org_id": tenant.organization.id, "action": action}
    return await documents.AuditEntry.rows().find(query, sort=[("seq", 1)]).to_list()
