"""Reviews of access: everybody is listed, decided of by others, and taken away where it was so decided."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from arq import Retry
from pymongo.errors import AutoReconnect

import documents
from app.wiring import Backend
from documents import Role
from documents.base import utc_now
from documents.own_review import access_review_campaigns, access_review_items
from domain.compliance import access_listing
from domain.compliance.access_listing import Access
from domain.compliance.answers import Answers
from domain.facts.compliance import Integration
from jobs.tasks.list_access import list_access
from schema.node import global_id, parse_id
from tests.factories.graph import Graph
from tests.factories.synthetic_account import a_vendor, connect, context_of, register, sync
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes.synthetic import Synthetic

REVIEW = "{ review { id state itemsTotal itemsDecided unread version closedAt reviewers } }"
ERRORS = "... on UserError { __typename message code path }"
START = f"""mutation($input: StartAccessReviewInput!) {{ startAccessReview(input: $input) {{
  ... on StartAccessReviewSuccess {REVIEW} {ERRORS} }} }}"""
DECIDE = f"""mutation($input: DecideAccessInput!) {{ decideAccess(input: $input) {{
  ... on DecideAccessSuccess {REVIEW} {ERRORS} }} }}"""
CONFIRM = f"""mutation($input: ConfirmRevocationsInput!) {{ confirmRevocations(input: $input) {{
  ... on ConfirmRevocationsSuccess {REVIEW} {ERRORS} }} }}"""
CLOSE = f"""mutation($input: CloseAccessReviewInput!) {{ closeAccessReview(input: $input) {{
  ... on CloseAccessReviewSuccess {REVIEW} {ERRORS} }} }}"""
ITEMS = """query($id: ID!, $open: Boolean!, $decision: AccessDecision) {
  accessReviewItems(reviewId: $id, onlyUndecided: $open, decision: $decision, first: 100) { nodes {
    id integration account thing person name email decision note decidedBy confirmedAt } } }"""


class Desk:
    """An organization with two reviewers, `first` and `second`."""

    def __init__(self, graph: Graph, backend: Backend, first: Tenant, second: Tenant) -> None:
        self.graph, self.backend, self.first, self.second = graph, backend, first, second

    async def say(self, mutation: str, who: Tenant, **input: Any) -> dict[str, Any]:
        (said,) = (await self.graph.ask(mutation, who.token, input=input)).values()
        found: dict[str, Any] = said.get("review", said)
        return found

    async def start(self, **more: Any) -> dict[str, Any]:
        members = [await member_id(one) for one in (self.first, self.second)]
        due = (utc_now() + timedelta(days=30)).isoformat()
        return await self.say(START, self.first, **{"name": "Q1", "reviewerIds": members, "dueAt": due, **more})

    async def opened(self, **context: Any) -> dict[str, Any]:
        review = await self.start()
        return await self.list(review, **context)

    async def list(self, review: dict[str, Any], **context: Any) -> dict[str, Any]:
        ctx = {"context": context_of(self.backend, **context)}
        await list_access(ctx, org_id=str(self.first.organization.id), review_id=parse_id(review["id"])[1])
        query = "query($id: ID!) { node(id: $id) { ... on AccessReview { id state itemsTotal itemsDecided unread } } }"
        found: dict[str, Any] = (await self.graph.ask(query, self.first.token, id=review["id"]))["node"]
        return found

    async def items(self, review: dict[str, Any], *, open: bool = False, decision: str | None = None) -> dict[str, Any]:
        said = await self.graph.ask(ITEMS, self.first.token, id=review["id"], open=open, decision=decision)
        return {one["name"]: one for one in said["accessReviewItems"]["nodes"]}

    async def decide(
        self, who: Tenant, review: dict[str, Any], decision: str, *items: dict[str, Any]
    ) -> dict[str, Any]:
        ids = [one["id"] for one in items]
        return await self.say(DECIDE, who, reviewId=review["id"], itemIds=ids, decision=decision, note="looked")


async def member_id(who: Tenant) -> str:
    member = await documents.Membership.rows().find_one({"user_id": who.user.id})
    assert member is not None
    return global_id("Member", member["_id"])


@pytest.fixture
async def desk(graph: Graph, backend: Backend) -> Desk:
    first = await make_tenant(backend)
    return Desk(graph, backend, first, await add_member(backend, first.organization, Role.ADMIN))


@pytest.fixture
async def vendor() -> AsyncIterator[Synthetic]:
    async with a_vendor() as running:
        yield running


@pytest.fixture
def volumes_are_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the synthetic vendor lists stands for people, so that real evidence is read."""

    def listed(answers: Answers) -> Iterator[Access]:
        for one in answers.items("GET /v1/volumes", "items"):
            yield Access(thing="app", person=one["id"], name=one["id"], email=f"{one['id']}@acme.com")

    register(monkeypatch)
    monkeypatch.setitem(access_listing.REVIEWED, Integration.DIGITALOCEAN, listed)  # type: ignore[arg-type]


async def test_members_are_decided_of_by_others_until_the_review_is_complete(desk: Desk) -> None:
    review = await desk.opened()
    items = await desk.items(review)
    mine, theirs = items[desk.first.user.name], items[desk.second.user.name]

    own = await desk.decide(desk.first, review, "KEEP", mine)
    early = await desk.say(CLOSE, desk.first, reviewId=review["id"])
    await desk.decide(desk.first, review, "KEEP", theirs)
    await desk.decide(desk.first, review, "CHANGED", theirs)
    left = await desk.items(review, open=True)
    decided = await desk.decide(desk.second, review, "KEEP", mine)
    closed = await desk.say(CLOSE, desk.first, reviewId=review["id"], expectedVersion=decided["version"])
    late = await desk.decide(desk.second, review, "REVOKE", mine)

    assert (review["state"], review["itemsTotal"], review["itemsDecided"]) == ("OPEN", 2, 0)
    assert (own["__typename"], own["path"]) == ("ValidationError", ["input", "itemIds"])
    assert early["__typename"] == "ConflictError"
    assert set(left) == {desk.first.user.name}
    assert (closed["state"], closed["itemsDecided"]) == ("COMPLETED", 2)
    assert late["__typename"] == "ConflictError"
    changed = (await desk.items(review, decision="CHANGED"))[desk.second.user.name]
    assert (changed["note"], changed["decidedBy"]) == ("looked", f"user:{desk.first.user.id}")


async def test_only_named_reviewers_decide_and_only_of_their_review(desk: Desk) -> None:
    other = await add_member(desk.backend, desk.first.organization, Role.ADMIN)
    review, another = await desk.opened(), await desk.opened()
    item = (await desk.items(review))[other.user.name]
    input = {"reviewId": review["id"], "itemIds": [item["id"]], "decision": "KEEP"}

    refused = await desk.graph.refused(DECIDE, other.token, input=input)
    elsewhere = await desk.decide(desk.first, another, "KEEP", item)

    assert refused[0]["extensions"]["code"] == "FORBIDDEN"
    assert elsewhere["__typename"] == "NotFoundError"


async def test_a_review_needs_two_reviewers_who_are_members_and_time(desk: Desk) -> None:
    mine = await member_id(desk.first)
    gone = global_id("Member", "0" * 24)
    past = utc_now().isoformat()

    alone = await desk.start(reviewerIds=[mine, mine])
    stranger = await desk.start(reviewerIds=[mine, gone])
    late = await desk.start(dueAt=past)

    assert (alone["code"], alone["path"]) == ("BAD_USER_INPUT", ["input", "reviewerIds"])
    assert stranger["__typename"] == "NotFoundError"
    assert late["path"] == ["input", "dueAt"]


async def test_a_revocation_is_confirmed_once_the_member_is_gone(desk: Desk) -> None:
    other = await add_member(desk.backend, desk.first.organization, Role.USER)
    review = await desk.opened()
    items = await desk.items(review)
    item, kept = items[other.user.name], items[desk.second.user.name]
    await desk.decide(desk.first, review, "REVOKE", item)
    about = {"reviewId": review["id"], "itemIds": [item["id"]]}

    here = await desk.say(CONFIRM, desk.first, **about)
    await documents.Membership.rows().delete_one({"user_id": other.user.id})
    undecided = await desk.say(CONFIRM, desk.first, **{**about, "itemIds": [kept["id"]]})
    gone = await desk.say(CONFIRM, desk.first, **about)
    again = await desk.say(CONFIRM, desk.first, **about)

    assert here["__typename"] == "ConflictError"
    assert (undecided["__typename"], again["__typename"]) == ("ValidationError", "ValidationError")
    assert gone["state"] == "OPEN"
    (row,) = await access_review_campaigns(desk.first.scope, utc_now())
    told = {name: row[name] for name in row if name.startswith(("revocations", "items", "oldest"))}
    assert told == {
        "items_total": 3,
        "items_decided": 1,
        "revocations_requested": 1,
        "revocations_confirmed": 1,
        "revocations_late": 0,
        "oldest_unconfirmed_at": None,
    }


@pytest.mark.parametrize(("days", "late"), [(7, 0), (7.01, 1)])
async def test_a_revocation_is_late_after_seven_days(desk: Desk, days: float, late: int) -> None:
    review = await desk.opened()
    items = list((await desk.items(review)).values())
    now = utc_now()
    ids = [documents.base.object_id(parse_id(item["id"])[1], "access") for item in items]
    for id, confirmed_at in zip(ids, (now, None), strict=True):
        revoked = {"decision": "REVOKE", "decided_at": now - timedelta(days=days), "confirmed_at": confirmed_at}
        await documents.AccessReviewItem.rows().update_one({"_id": id}, {"$set": revoked})

    (row,) = await access_review_campaigns(desk.first.scope, now)

    assert (row["revocations_requested"], row["revocations_confirmed"], row["revocations_late"]) == (2, 1, late)
    assert row["oldest_unconfirmed_at"] == now - timedelta(days=days)


async def test_an_abandoned_review_counts_as_none(desk: Desk) -> None:
    review = await desk.start()

    closed = await desk.say(CLOSE, desk.first, reviewId=review["id"], isAbandoned=True)
    listed = await desk.list(review)

    assert closed["state"] == "ABANDONED"
    assert (listed["state"], listed["itemsTotal"]) == ("ABANDONED", 0)
    assert await access_review_campaigns(desk.first.scope, utc_now()) == []


@pytest.mark.usefixtures("volumes_are_people")
async def test_people_of_connected_systems_are_listed_as_they_were_read_last(desk: Desk, vendor: Synthetic) -> None:
    account = await connect(desk.backend, vendor, desk.first)
    await sync(desk.backend, account)
    review = await desk.opened()
    items = await desk.items(review)
    await documents.User.get_pymongo_collection().update_one(
        {"_id": desk.second.user.id}, {"$set": {"email": "vol-1@acme.com"}}
    )

    own = await desk.decide(desk.second, review, "KEEP", items["vol-1"])
    await desk.decide(desk.first, review, "REVOKE", items["vol-1"])
    await desk.decide(desk.first, review, "KEEP", items["vol-0"], items[desk.second.user.name])
    await desk.decide(desk.second, review, "KEEP", items[desk.first.user.name])
    before = await access_review_items(desk.first.scope, utc_now())
    await desk.say(CLOSE, desk.first, reviewId=review["id"])
    after = await access_review_items(desk.first.scope, utc_now())

    assert own["__typename"] == "ValidationError"
    assert before == []
    assert {(row["integration"], row["thing"], row["person"], row["decision"]) for row in after} == {
        ("DIGITALOCEAN", "app", "vol-0", "KEEP"),
        ("DIGITALOCEAN", "app", "vol-1", "REVOKE"),
    }
    assert {row["campaign"] for row in after} == {"Q1"}
    assert all(row["listed_at"] < row["decided_at"] for row in after)


@pytest.mark.usefixtures("volumes_are_people")
async def test_only_the_last_review_of_an_account_is_told(desk: Desk, vendor: Synthetic) -> None:
    account = await connect(desk.backend, vendor, desk.first)
    await sync(desk.backend, account)
    for decision in ("REVOKE", "KEEP"):
        review = await desk.opened()
        items = await desk.items(review)
        for name, item in items.items():
            who = desk.second if name == desk.first.user.name else desk.first
            await desk.decide(who, review, decision, item)
        await desk.say(CLOSE, desk.first, reviewId=review["id"])

    rows = await access_review_items(desk.first.scope, utc_now())

    assert [row["decision"] for row in rows] == ["KEEP", "KEEP"]


@pytest.mark.usefixtures("volumes_are_people")
async def test_an_account_that_was_not_read_is_left_out_and_named(desk: Desk, vendor: Synthetic) -> None:
    await connect(desk.backend, vendor, desk.first)

    review = await desk.opened()

    assert review["itemsTotal"] == 2
    assert review["unread"] == ["Synthetic: GET /v1/volumes: was never read: the account was not synced yet"]


@pytest.mark.usefixtures("volumes_are_people")
async def test_what_cannot_be_understood_or_is_too_much_is_left_out(
    desk: Desk, vendor: Synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await connect(desk.backend, vendor, desk.first)
    await sync(desk.backend, account)
    monkeypatch.setattr("jobs.tasks.list_access.MOST_ITEMS", 3)

    crowded = await desk.opened()
    monkeypatch.setitem(access_listing.REVIEWED, Integration.DIGITALOCEAN, lambda answers: answers.items[0])  # type: ignore[arg-type]
    garbled = await desk.opened()

    assert (crowded["itemsTotal"], garbled["itemsTotal"]) == (2, 2)
    assert crowded["unread"] == ["Synthetic: more than 50000 accesses are too many for one review"]
    assert garbled["unread"] == ["Synthetic: an answer has another form than expected"]


async def test_listing_waits_while_the_database_is_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    review = await desk.start()

    async def away(*_: Any) -> int:
        raise AutoReconnect("away")

    with monkeypatch.context() as patch:
        patch.setattr("jobs.tasks.list_access.replace_items", away)
        with pytest.raises(Retry):
            await desk.list(review)
    listed, again = await desk.list(review), await desk.list(review)

    assert (listed["state"], listed["itemsTotal"]) == ("OPEN", 2)
    assert again == listed
