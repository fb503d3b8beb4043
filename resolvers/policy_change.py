"""What people do with policies: write them, approve what somebody else has written, put away, acknowledge."""

import hashlib
from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from documents.governed import moved
from documents.policy import LONGEST_REVIEW, acknowledge, add_policy, organizations_of
from documents.transaction import Transaction
from domain.errors import Conflict, Forbidden, Invalid, NotFound
from domain.facts.scope import Scope
from jobs.queue import ask_checks_of
from resolvers.context import Info
from resolvers.fields import SIGNED_IN, mutation
from resolvers.governing import audited, person_of, require_another
from resolvers.routing import WHAT
from schema.node import local_id
from schema.policy import (
    AcknowledgePolicyInput,
    AcknowledgePolicyPayload,
    ApprovePolicyInput,
    ApprovePolicyPayload,
    ArchivePolicyInput,
    ArchivePolicyPayload,
    CreatePolicyInput,
    CreatePolicyPayload,
    WritePolicyVersionInput,
    WritePolicyVersionPayload,
)

# The control that says whether policies are approved, current and acknowledged.
JUDGED_BY = "CW-GOV-01"


@strawberry.type
class PolicyMutations:
    @mutation(
        CreatePolicyPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="policy.create",
        description="Write a policy down. Its first version is in force once somebody else has approved it.",
    )
    async def create_policy(
        self, info: Info, input: Annotated[CreatePolicyInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, person = info.context, person_of(info.context)
        org_id = PydanticObjectId(context.scope.narrowed(context.organization(input.organization_id)).only())
        policy = documents.Policy(org_id=org_id, name=input.name, is_required=input.is_required)

        async def change(tx: Transaction) -> documents.Policy:
            await add_policy(policy, tx.session)
            await _written(policy, 1, input.text, person).add(tx.session)
            tx.audit(org_id, target=f"policy:{policy.id}", after=audited(policy))
            ask_checks_of(tx, org_id, [JUDGED_BY])
            return policy

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise Conflict(f"There is a policy called {input.name} already.", path=("input", "name")) from error

    @mutation(
        WritePolicyVersionPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="policy.write",
        description="Write the next version of a policy; the one in force stays until somebody else approves it.",
    )
    async def write_policy_version(
        self, info: Info, input: Annotated[WritePolicyVersionInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, person = info.context, person_of(info.context)

        async def change(tx: Transaction) -> documents.Policy:
            before = await _found(context.scope, input.policy_id, tx)
            number = before.newest + 1
            await _written(before, number, input.text, person).add(tx.session)
            return await _changed(tx, before, {"newest": number}, input.expected_version)

        return await context.ports.writer.commit(change)

    @mutation(
        ApprovePolicyPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="policy.approve",
        description="Put a version of a policy in force, or approve the one in force for another year; never what one "
        "has written. Members acknowledge each version anew.",
    )
    async def approve_policy(
        self, info: Info, input: Annotated[ApprovePolicyInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, person, now = info.context, person_of(info.context), info.context.now()
        if not now < input.next_review_at <= now + LONGEST_REVIEW:
            raise Invalid("It must be reviewed again within 366 days.", path=("input", "nextReviewAt"))
        approval = {"approved_by": person, "approved_at": now}

        async def change(tx: Transaction) -> documents.Policy:
            before = await _found(context.scope, input.policy_id, tx)
            scope = context.scope.narrowed(str(before.org_id))
            wanted = {"policy_id": before.id, "number": input.number}
            version = await documents.PolicyVersion.find_in(scope, wanted, session=tx.session)
            if version is None:
                raise NotFound.of(documents.PolicyVersion.noun)
            if input.number < (before.in_force or 0):
                raise Conflict("A newer version is in force.", current=before)
            require_another(person, version.written_by, "approve it than who has written it")
            since = version.in_force_since or now
            await moved(version, {**approval, "in_force_since": since}, None, tx.session)
            fields = {**approval, "in_force": input.number, "next_review_at": input.next_review_at}
            return await _changed(tx, before, fields, input.expected_version)

        return await context.ports.writer.commit(change)

    @mutation(
        ArchivePolicyPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="policy.archive",
        description="Put a policy away, for good: it is not judged and not acknowledged any more.",
    )
    async def archive_policy(
        self, info: Info, input: Annotated[ArchivePolicyInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, now = info.context, info.context.now()

        async def change(tx: Transaction) -> documents.Policy:
            before = await _found(context.scope, input.policy_id, tx)
            return await _changed(tx, before, {"archived_at": now}, input.expected_version)

        return await context.ports.writer.commit(change)

    @mutation(
        AcknowledgePolicyPayload,
        may=SIGNED_IN,
        audit="policy.acknowledge",
        description="Say that you have read the version in force of a policy and keep to it. Auditors cannot.",
    )
    async def acknowledge_policy(
        self, info: Info, input: Annotated[AcknowledgePolicyInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, person, now = info.context, person_of(info.context), info.context.now()

        async def change(tx: Transaction) -> documents.Policy:
            policy = await _found(context.scope, input.policy_id, tx)
            if policy.org_id not in await organizations_of(person, context.scope):
                raise Forbidden("Only members whom a policy binds acknowledge it; auditors read it and change nothing.")
            if policy.in_force != input.number or policy.archived_at is not None:
                raise Conflict("This version is not in force.", path=("input", "number"))
            is_new = await acknowledge(policy, input.number, person, now, tx.session)
            after = {"number": input.number, "is_new": is_new}
            tx.audit(policy.org_id, target=f"policy:{policy.id}", after=after)
            return policy

        return await context.ports.writer.commit(change)


def _written(policy: documents.Policy, number: int, text: str, person: PydanticObjectId) -> documents.PolicyVersion:
    assert policy.id is not None  # noqa: S101 - it is stored
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return documents.PolicyVersion(
        org_id=policy.org_id, policy_id=policy.id, number=number, text=text, sha256=sha256, written_by=person
    )


async def _found(scope: Scope, id: str, tx: Transaction) -> documents.Policy:
    return await documents.Policy.get_in(scope, local_id("Policy", id), session=tx.session)


async def _changed(
    tx: Transaction, before: documents.Policy, fields: dict[str, Any], expected_version: int | None
) -> documents.Policy:
    """It with these fields, unless it was put away; judged again."""
    after = await moved(before, fields, expected_version, tx.session, {"archived_at": None})
    tx.audit(after.org_id, target=f"policy:{after.id}", before=audited(before), after=audited(after))
    ask_checks_of(tx, after.org_id, [JUDGED_BY])
    return after
