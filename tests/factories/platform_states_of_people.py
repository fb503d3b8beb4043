"""What people decide and file as members do, and what the controls of policies, owners and reviews then say of it."""

from datetime import timedelta
from typing import Any

from documents.base import utc_now
from jobs.tasks.list_access import list_access
from schema.node import local_id
from tests.factories.platform_house import FAIL, PASS, WARNING, House, Make, Recorded, told
from tests.factories.tenant import Tenant

POLICY, OWNED, REVIEW = "Access", "CW-IAM-01", "First quarter"
DAYS = timedelta(days=1)


async def write_policy(house: House, *, is_required: bool = True) -> str:
    """The global id of one that waits to be approved."""
    asked = {"name": POLICY, "text": "Ask first.", "isRequired": is_required}
    return str((await house.do("CreatePolicy", "policy { id }", **asked))["policy"]["id"])


async def approve_policy(house: House, id: str) -> None:
    """As somebody else than who has written it, for 300 days."""
    asked = {"policyId": id, "number": 1, "nextReviewAt": told(utc_now() + 300 * DAYS)}
    await house.do("ApprovePolicy", "policy { id }", house.other, **asked)


def policy(*, read_by: int, besides: int = 0) -> Make:
    """One in force that so many have acknowledged, of two members and some `besides`."""

    async def make(house: House) -> str:
        everybody = [house.tenant, house.other, *await house.people(besides)]
        id = await write_policy(house)
        await approve_policy(house, id)
        for reader in everybody[:read_by]:
            await house.do("AcknowledgePolicy", "policy { id }", reader, policyId=id, number=1)
        return POLICY

    return make


async def draft(house: House) -> str:
    """A policy that nobody has approved, beside one in force that no framework asks for."""
    asked = {"name": "Colours", "text": "Any.", "isRequired": False}
    id = (await house.do("CreatePolicy", "policy { id }", **asked))["policy"]["id"]
    await approve_policy(house, id)
    await write_policy(house)
    return POLICY


async def optional_policy(house: House) -> str:
    await approve_policy(house, await write_policy(house, is_required=False))
    return POLICY


def owners(owner: str | None = "tenant", **others: str) -> Make:
    """Who has which role for one control."""

    async def make(house: House) -> str:
        for role, who in {"owner": owner, **others}.items():
            if who is not None:
                await give(house, role.upper(), getattr(house, who))
        return OWNED

    return make


async def give(house: House, role: str, who: Tenant) -> None:
    asked = {"controlIds": [OWNED], "role": role, "memberId": await house.member(who)}
    await house.do("SetControlOwner", "ownership { owners { role } }", **asked)


async def owner_who_left(house: House) -> str:
    (leaver,) = await house.people(1)
    await give(house, "OWNER", leaver)
    await house.do("DeactivateMember", "member { id }", memberId=await house.member(leaver))
    return OWNED


async def start_review(house: House) -> str:
    """The global id of a review of the members, which is due in thirty days."""
    reviewers = [await house.member(one) for one in (house.tenant, house.other)]
    asked = {"name": REVIEW, "reviewerIds": reviewers, "dueAt": told(utc_now() + 30 * DAYS)}
    id = str((await house.do("StartAccessReview", "review { id }", **asked))["review"]["id"])
    await list_access(house.job(), org_id=house.tenant.org_id, review_id=local_id("AccessReview", id))
    return id


async def accesses(house: House, review: str) -> dict[str, str]:
    """The accesses under review, by the name of who has them."""
    text = "query($id: ID!) { accessReviewItems(reviewId: $id, first: 100) { nodes { id name } } }"
    nodes: list[Any] = (await house.graph.ask(text, house.tenant.token, id=review))["accessReviewItems"]["nodes"]
    return {one["name"]: one["id"] for one in nodes}


async def decide(house: House, review: str, *revoked: Tenant) -> dict[str, str]:
    """Complete the review: everybody is kept but these. Nobody decides of themselves."""
    found = await accesses(house, review)
    gone = {one.user.name for one in revoked}
    for name, id in found.items():
        reviewer = house.other if name == house.tenant.user.name else house.tenant
        decision = "REVOKE" if name in gone else "KEEP"
        asked = {"reviewId": review, "itemIds": [id], "decision": decision, "note": "looked"}
        await house.do("DecideAccess", "review { id }", reviewer, **asked)
    await house.do("CloseAccessReview", "review { id }", reviewId=review)
    return found


async def review(house: House) -> str:
    await decide(house, await start_review(house))
    return REVIEW


async def open_review(house: House) -> str:
    await start_review(house)
    return REVIEW


async def never_reviewed(house: House) -> str:
    await start_review(house)
    return house.tenant.org_id


async def reviewed_long_ago(house: House) -> str:
    await review(house)
    return house.tenant.org_id


async def revoked(house: House) -> str:
    """A member who is still here."""
    (leaver,) = await house.people(1)
    await decide(house, await start_review(house), leaver)
    return REVIEW


async def revoked_and_gone(house: House) -> str:
    (leaver,) = await house.people(1)
    member, id = await house.member(leaver), await start_review(house)
    found = await decide(house, id, leaver)
    await house.do("RemoveMember", "removedId", memberId=member)
    await house.do("ConfirmRevocations", "review { id }", reviewId=id, itemIds=[found[leaver.user.name]])
    return REVIEW


STATES = (
    Recorded("CW-GOV-01", PASS, policy(read_by=2), "version 1 approved"),
    Recorded("CW-GOV-01", PASS, policy(read_by=2), "2 of 2 acknowledged it"),
    Recorded("CW-GOV-01", WARNING, policy(read_by=2), "review due", 280 * DAYS),
    Recorded("CW-GOV-01", WARNING, policy(read_by=9, besides=8), "9 of 10 acknowledged it"),
    Recorded("CW-GOV-01", FAIL, policy(read_by=1), "1 of 2 acknowledged it"),
    Recorded("CW-GOV-01", FAIL, policy(read_by=2), "review due", 301 * DAYS),
    Recorded("CW-GOV-01", FAIL, draft, "not approved, or no next review set"),
    Recorded("CW-GOV-01", FAIL, draft, "nobody is asked to acknowledge it"),
    Recorded("CW-GOV-02", PASS, owners(backup="other"), "backed up by"),
    Recorded("CW-GOV-02", WARNING, owners(), "no backup"),
    Recorded("CW-GOV-02", FAIL, owners(tester="tenant"), "tests their own control"),
    Recorded("CW-GOV-02", FAIL, owners(None, backup="other"), "no owner"),
    Recorded("CW-GOV-02", FAIL, owner_who_left, "is not active any more"),
    Recorded("CW-IAM-10", PASS, review, "all 2 accesses are decided, all revocations done"),
    Recorded("CW-IAM-10", PASS, open_review, "0 of 2 accesses are decided"),
    Recorded("CW-IAM-10", PASS, revoked_and_gone, "all 3 accesses are decided, all revocations done"),
    Recorded("CW-IAM-10", WARNING, open_review, "0 of 2 accesses are decided", 17 * DAYS),
    Recorded("CW-IAM-10", WARNING, revoked, "1 revocations are not confirmed"),
    Recorded("CW-IAM-10", FAIL, revoked, "1 revocations are not confirmed", 8 * DAYS),
    Recorded("CW-IAM-10", FAIL, never_reviewed, "no review was completed in time"),
    Recorded("CW-IAM-10", FAIL, reviewed_long_ago, "no review was completed in time", 93 * DAYS),
)
NOTHING_TO_JUDGE = {"CW-GOV-01": optional_policy}
