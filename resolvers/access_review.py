"""Access reviews: start, list, decide, confirm and close them."""

from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.access_review import change_review
from documents.access_review_item import change_items, items_by_id
from documents.base import object_id
from documents.page import Keyset
from documents.transaction import Transaction
from documents.user import User
from domain.errors import Conflict, Forbidden, Invalid, NotFound
from domain.facts.access_review import AccessDecision, ReviewState
from domain.facts.compliance import Integration
from domain.facts.scope import Scope
from jobs.queue import ask_access_list, ask_checks_of
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from resolvers.routing import WHAT
from schema.access_review import (
    AccessReview,
    AccessReviewItem,
    CloseAccessReviewInput,
    CloseAccessReviewPayload,
    ConfirmRevocationsInput,
    ConfirmRevocationsPayload,
    DecideAccessInput,
    DecideAccessPayload,
    StartAccessReviewInput,
    StartAccessReviewPayload,
)
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id

NEWEST_FIRST = Keyset((("opened_at", -1),))
AS_LISTED = Keyset((("position", 1),))
# The control that looks at reviews.
JUDGED = ["CW-IAM-10"]
AUDITED = {"name", "reviewer_ids", "due_at", "state", "items_total", "items_decided", "closed_at"}
ReviewId = Annotated[strawberry.ID, strawberry.argument(description="Global id of the access review.")]
Undecided = Annotated[bool, strawberry.argument(description="Only what nobody has decided yet.")]
Decided = Annotated[AccessDecision | None, strawberry.argument(description="Only what this was decided of.")]


@strawberry.type
class AccessReviewQueries:
    @query(Connection[AccessReview], may=Permission.COMPLIANCE_READ, description="Access reviews, the newest first.")
    async def access_reviews(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id:
            scope = scope.narrowed(local_id("Organization", organization_id))
        pager = info.context.ports.pager
        return await pager.page(info, documents.AccessReview, scope, {}, NEWEST_FIRST, first=first, after=after)

    @query(
        Connection[AccessReviewItem],
        may=Permission.COMPLIANCE_READ,
        description="The accesses of a review, system by system; none while they are being listed.",
    )
    async def access_review_items(
        self,
        info: Info,
        review_id: ReviewId,
        decision: Decided = None,
        only_undecided: Undecided = False,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        review = await documents.AccessReview.get_in(info.context.scope, local_id("AccessReview", review_id))
        scope = info.context.scope.narrowed(str(review.org_id))
        where: dict[str, Any] = {"review_id": review.id}
        if decision is not None:
            where["decision"] = decision.value
        if only_undecided:
            where["is_decided"] = False
        pager = info.context.ports.pager
        return await pager.page(info, documents.AccessReviewItem, scope, where, AS_LISTED, first=first, after=after)


@strawberry.type
class AccessReviewMutations:
    @mutation(
        StartAccessReviewPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="access_review.start",
        description="Start a review of who has access: our members and the people of connected systems, as they were "
        "read last, are taken down in a moment; then it is OPEN.",
    )
    async def start_access_review(
        self, info: Info, input: Annotated[StartAccessReviewInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, now = info.context, info.context.now()
        org_id = context.organization(input.organization_id)
        reviewer_ids = await _reviewers(context.scope.narrowed(org_id), input.reviewer_ids)
        if input.due_at <= now:
            raise Invalid("It must be due after now.", path=("input", "dueAt"))
        review = documents.AccessReview(
            org_id=ObjectId(org_id),
            name=input.name,
            reviewer_ids=reviewer_ids,
            opened_by=context.scope.actor,
            opened_at=now,
            due_at=input.due_at,
        )

        async def change(tx: Transaction) -> documents.AccessReview:
            await review.add(tx.session)
            ask_access_list(tx, review)
            tx.audit(review.org_id, target=f"access_review:{review.id}", after=_audited(review))
            return review

        return await context.ports.writer.commit(change)

    @mutation(
        DecideAccessPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="access_review.decide",
        description="Decide of accesses, as a reviewer whom the review names. Nobody decides of their own: memberships "
        "are compared by person, and other systems by address, where they tell one.",
    )
    async def decide_access(
        self, info: Info, input: Annotated[DecideAccessInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, user = info.context, info.context.signed_in.user
        decided: dict[str, Any] = {
            "is_decided": True,
            "decision": input.decision.value,
            "note": input.note,
            "decided_by": context.scope.actor,
            "decided_at": context.now(),
            "confirmed_at": None,
            "confirmed_by": None,
        }

        async def change(tx: Transaction) -> documents.AccessReview:
            review, items = await _items(context, input, tx)
            if user.id not in review.reviewer_ids:
                raise Forbidden("Only the reviewers that this access review names decide in it.")
            if any(_is_of(item, user) for item in items):
                raise Invalid(
                    "Nobody reviews their own access: leave it to another reviewer.", path=("input", "itemIds")
                )
            new = sum(not item.is_decided for item in items)
            changed = await change_review(review, {}, tx.session, states=(ReviewState.OPEN,), decided=new)
            await change_items(items, decided, tx.session)
            _audit_items(tx, review, items, {"decision": input.decision.value, "note": input.note})
            return changed

        return await context.ports.writer.commit(change)

    @mutation(
        ConfirmRevocationsPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="access_review.confirm",
        description="Say that what was revoked is gone. Refused for who is still a member here; of Okta and GitHub the "
        "control CW-IAM-10 looks for itself whether it is true.",
    )
    async def confirm_revocations(
        self, info: Info, input: Annotated[ConfirmRevocationsInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        confirmed = {"confirmed_at": context.now(), "confirmed_by": context.scope.actor}

        async def change(tx: Transaction) -> documents.AccessReview:
            review, items = await _items(context, input, tx)
            if any(item.decision is not AccessDecision.REVOKE or item.confirmed_at for item in items):
                raise Invalid("Only what is revoked and not confirmed yet can be.", path=("input", "itemIds"))
            await _require_gone(context.scope.narrowed(str(review.org_id)), items, tx)
            states = (ReviewState.OPEN, ReviewState.COMPLETED)
            changed = await change_review(review, {}, tx.session, states=states)
            await change_items(items, confirmed, tx.session)
            ask_checks_of(tx, review.org_id, JUDGED)
            _audit_items(tx, review, items, {"confirmed": True})
            return changed

        return await context.ports.writer.commit(change)

    @mutation(
        CloseAccessReviewPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="access_review.close",
        description="Complete a review of which everything is decided, or give one up.",
    )
    async def close_access_review(
        self, info: Info, input: Annotated[CloseAccessReviewInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, id = info.context, local_id("AccessReview", input.review_id)
        state = ReviewState.ABANDONED if input.is_abandoned else ReviewState.COMPLETED
        closed = {"state": state.value, "closed_at": context.now(), "closed_by": context.scope.actor}

        async def change(tx: Transaction) -> documents.AccessReview:
            review = await documents.AccessReview.get_in(context.scope, id, session=tx.session)
            states = (ReviewState.OPEN, ReviewState.LISTING) if input.is_abandoned else (ReviewState.OPEN,)
            changed = await change_review(
                review, closed, tx.session, states=states, expected_version=input.expected_version
            )
            if not input.is_abandoned and changed.items_decided < changed.items_total:
                raise Conflict(
                    "Not everything is decided yet: see accessReviewItems with onlyUndecided.", current=review
                )
            ask_checks_of(tx, review.org_id, JUDGED)
            tx.audit(review.org_id, target=f"access_review:{id}", before=_audited(review), after=_audited(changed))
            return changed

        return await context.ports.writer.commit(change)


async def _reviewers(scope: Scope, ids: list[strawberry.ID]) -> list[ObjectId]:
    """The people of these members. Raises NotFound, and Invalid for fewer than two."""
    wanted = [object_id(local_id("Member", id), "member") for id in dict.fromkeys(ids)]
    found = [row for row in (await documents.Membership.rows_by_id(scope, wanted)).values() if not row.deactivated_at]
    if len(found) < len(wanted):
        raise NotFound.of("member")
    if len(found) < 2:
        raise Invalid("Name two reviewers or more: nobody reviews their own access.", path=("input", "reviewerIds"))
    return [member.user_id for member in found]


async def _items(
    context: Context, input: DecideAccessInput | ConfirmRevocationsInput, tx: Transaction
) -> tuple[documents.AccessReview, list[documents.AccessReviewItem]]:
    """The review and these accesses of it, each once. Raises NotFound unless all are of this review."""
    id = local_id("AccessReview", input.review_id)
    review = await documents.AccessReview.get_in(context.scope, id, session=tx.session)
    wanted = {object_id(local_id("AccessReviewItem", one), "access") for one in input.item_ids}
    items = await items_by_id(review.org_id, ObjectId(id), wanted, tx.session)
    if len(items) < len(wanted):
        raise NotFound.of("access")
    return review, items


def _is_of(item: documents.AccessReviewItem, user: User) -> bool:
    if item.integration is Integration.PLATFORM:
        return item.person == str(user.id)
    return item.email is not None and item.email.lower() == user.email


async def _require_gone(scope: Scope, items: list[documents.AccessReviewItem], tx: Transaction) -> None:
    """Raises Conflict when one of these is a member in force."""
    people = [ObjectId(item.person) for item in items if item.integration is Integration.PLATFORM]
    here = {"user_id": {"$in": people}, "deactivated_at": None}
    if await documents.Membership.find_in(scope, here, session=tx.session):
        raise Conflict("Somebody among these is still a member: remove or deactivate the member first.")


def _audit_items(
    tx: Transaction, review: documents.AccessReview, items: list[documents.AccessReviewItem], after: dict[str, Any]
) -> None:
    ids = sorted(str(item.id) for item in items)
    tx.audit(review.org_id, target=f"access_review:{review.id}", after={**after, "items": ids})


def _audited(review: documents.AccessReview) -> dict[str, Any]:
    fields: dict[str, Any] = review.model_dump(mode="json", include=AUDITED)
    return fields
