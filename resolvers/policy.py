"""Policies: write, approve, archive and list them, and what members have to acknowledge."""

from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.page import Keyset
from documents.policy import acknowledged_by, organizations_of, policies_in_force, texts_of
from resolvers.context import Info
from resolvers.fields import SIGNED_IN, query
from resolvers.governing import person_of, within
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.directives import Cost
from schema.node import global_id, local_id
from schema.policy import Policy, PolicyToAcknowledge, PolicyVersion

BY_NAME = Keyset((("name", 1),))
NEWEST_FIRST = Keyset((("number", -1),))
PolicyId = Annotated[strawberry.ID, strawberry.argument(description="Global id of the policy.")]


@strawberry.type
class PolicyQueries:
    @query(Connection[Policy], may=Permission.COMPLIANCE_READ, description="Policies, by name.")
    async def policies(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, pager = within(info.context.scope, organization_id), info.context.ports.pager
        return await pager.page(info, documents.Policy, scope, {}, BY_NAME, first=first, after=after)

    @query(
        Connection[PolicyVersion],
        may=Permission.COMPLIANCE_READ,
        description="The versions of a policy, the newest first.",
    )
    async def policy_versions(
        self, info: Info, policy_id: PolicyId, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        policy = await documents.Policy.get_in(info.context.scope, local_id("Policy", policy_id))
        scope, where = info.context.scope.narrowed(str(policy.org_id)), {"policy_id": policy.id}
        pager = info.context.ports.pager
        return await pager.page(info, documents.PolicyVersion, scope, where, NEWEST_FIRST, first=first, after=after)

    @query(
        list[PolicyToAcknowledge],
        may=SIGNED_IN,
        directives=(Cost(list_size=50),),
        description="The policies in force where you are a member, with whether you have acknowledged them.",
    )
    async def policies_to_acknowledge(self, info: Info) -> Any:
        person = ObjectId(str(person_of(info.context)))
        found = await policies_in_force(await organizations_of(person, info.context.scope))
        texts, done = await texts_of(found), await acknowledged_by(person, found)
        return [
            PolicyToAcknowledge(
                policy_id=global_id("Policy", one["_id"]),
                organization_id=global_id("Organization", one["org_id"]),
                name=one["name"],
                number=one["in_force"],
                text=texts[one["_id"]],
                acknowledged_at=done.get(one["_id"]),
            )
            for one in found
        ]
