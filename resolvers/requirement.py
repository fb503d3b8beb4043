"""What an organization requires of everybody who works in it."""

from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.enrolment import sessions_without_factor
from documents.organization import require_second_factor
from documents.transaction import Transaction
from domain.errors import Conflict
from resolvers.context import Info
from resolvers.fields import mutation
from resolvers.session import WHAT
from schema.factor import RequireSecondFactorInput, RequireSecondFactorPayload


@strawberry.type
class RequirementMutations:
    @mutation(
        RequireSecondFactorPayload,
        may=Permission.ORGANIZATIONS_MANAGE,
        audit="organization.require_second_factor",
        step_up=True,
        description="Require a second factor of everybody in the organization, or no longer. Who has not shown one can "
        "do nothing there until they do; you need one yourself to switch it on.",
    )
    async def require_second_factor(
        self, info: Info, input: Annotated[RequireSecondFactorInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        org_id = context.organization(input.organization_id)
        if input.required and not context.signed_in.user.factors:
            raise Conflict("Set up a second factor of your own first, or you would lock yourself out.")

        async def change(tx: Transaction) -> documents.Organization:
            organization = await require_second_factor(org_id, input.required, tx.session)
            after = {"requires_second_factor": input.required}
            tx.audit(organization.id, target=f"organization:{org_id}", after=after)
            return organization

        organization = await context.ports.writer.commit(change)
        if input.required:
            # What they hold open is closed; when they come again they are told why they may do nothing.
            for user_id, sessions in (await sessions_without_factor(organization)).items():
                context.ports.revocations.announce(f"user:{user_id}", sessions)
        return organization
