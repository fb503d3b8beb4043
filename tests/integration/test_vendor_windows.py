"""The windows of controls are whole over several syncs of Okta and of GitHub, and an error where a read is missing."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

import documents
from app.wiring import Backend
from documents.account import sealed
from documents.base import utc_now
from domain.compliance.answers import Answers
from domain.compliance.control import Case, Control
from domain.compliance.judging import Judgement, judge
from domain.controls.cw_chg_02 import CONTROL as REVIEWED
from domain.controls.cw_iam_08 import CONTROL as APPROVED
from domain.facts.compliance import CheckStatus, Integration
from domain.facts.credentials import Credentials, GithubCredentials, OktaCredentials
from domain.facts.provider import Provider
from jobs.checking.shelf import Shelf
from jobs.checking.subject import subject_of
from tests.factories.answers import answers, procedure
from tests.factories.synthetic_account import again, sync
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes import github
from tests.fakes.github import BASE, ORG, PULL
from tests.fakes.scripted import Answered, Asked, scripted
from tests.fakes.scripted_rest import Answer, Call, Scripted

NOW = utc_now()
# When the account is synced.
FIRST, SECOND, THIRD = (NOW - timedelta(hours=hours) for hours in (4, 2, 0))
DAY, AN_HOUR = timedelta(days=1), timedelta(hours=1)
WHEN = ("before", "between")


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@dataclass
class Place:
    """An account at a stand-in, that is synced and judged."""

    backend: Backend
    tenant: Tenant
    account: documents.Account

    async def sync(self, at: datetime) -> list[str]:
        """Read it at this time; returns the packs that hold what was read."""
        run = await sync(self.backend, self.account, now=lambda: at)
        assert (run.state, (await again(run)).gaps) == (documents.SyncState.SUCCEEDED, [])
        reads = await documents.SyncRead.rows().find({"sync_id": run.id}).to_list()
        return [sha256 for read in reads for sha256 in read["evidence"]]

    async def judged(self, control: Control, *beside: Answers) -> Judgement:
        raw = await documents.Account.rows().find_one({"_id": self.account.id})
        assert raw is not None
        account = documents.Account.stored(raw)
        found = procedure(control, Integration(account.provider.value))
        shelf = Shelf(self.tenant.scope, found.operations)
        looked_at = (await subject_of(self.tenant.scope, account, shelf, NOW, {})).answers
        case = Case(answers=looked_at, parameters=control.parameters, now=NOW, connected=(looked_at, *beside))
        return await asyncio.to_thread(judge, found, case)


async def connected(backend: Backend, tenant: Tenant, provider: Provider, credentials: Credentials) -> Place:
    cipher = await backend.vault.seal(tenant.org_id, orjson.dumps(credentials.revealed()).decode())
    account = documents.Account(
        org_id=tenant.organization.id,
        provider=provider,
        name=provider.value,
        state=documents.AccountState.CONNECTING,
        credentials=sealed(cipher),
    )
    await account.insert()
    return Place(backend, tenant, account)


async def forget(packs: list[str]) -> None:
    """As when the time is over for which evidence is kept."""
    await documents.EvidencePack.rows().delete_many({"sha256": {"$in": packs}})


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


# What Okta answers with something else than a list.
NOT_LISTS: dict[str, Any] = {"/api/v1/threats/configuration": {"action": "none"}, "/api/v1/iam/assignees/users": {}}


@dataclass
class Okta:
    """Its log: what was granted to whom and when, by the id of the event."""

    granted: dict[str, datetime] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Answered:
        if asked.path == "/api/v1/org":
            return Answered({"id": "00o1", "companyName": "Example"})
        if asked.path != "/api/v1/logs":
            return Answered(NOT_LISTS.get(asked.path, []))
        since, until = asked.query["since"][0], asked.query["until"][0]
        return Answered([event(id, at) for id, at in self.granted.items() if since <= stamp(at) < until])


def event(id: str, at: datetime) -> dict[str, Any]:
    person = {"type": "User", "alternateId": "ann@example.com", "displayName": "Ann"}
    return {
        "uuid": id,
        "published": stamp(at),
        "eventType": "group.user_membership.add",
        "outcome": {"result": "SUCCESS"},
        "target": [person, {"type": "UserGroup", "displayName": "Admins"}],
    }


async def test_grants_of_a_month_are_judged_by_all_reads_of_the_log_of_okta(backend: Backend, tenant: Tenant) -> None:
    house = Okta({"before": NOW - 10 * DAY})
    no_requests = answers(
        Integration.JIRA,
        ("POST /rest/api/3/search/jql", {"issues": []}),
        needless=["GET /rest/api/3/issue/{issueIdOrKey}/changelog"],
    )
    with scripted(house) as okta:
        credentials = OktaCredentials(org_url=okta.url, token=SecretStr("00token"))
        place = await connected(backend, tenant, Provider.OKTA, credentials)
        await place.sync(FIRST)
        house.granted["between"] = FIRST + AN_HOUR
        middle = await place.sync(SECOND)
        both = await place.judged(APPROVED, no_requests)
        house.granted["after"] = SECOND + AN_HOUR
        await place.sync(THIRD)
        all_three = await place.judged(APPROVED, no_requests)
        await forget(middle)
        missing = await place.judged(APPROVED, no_requests)
    spans = [one.query["since"][0] for one in okta.asked if one.path == "/api/v1/logs"]

    # Thirty days the first time, and from an hour before the last read on.
    assert spans == [stamp(FIRST - 30 * DAY), stamp(FIRST - AN_HOUR), stamp(SECOND - AN_HOUR)]
    assert {item.resource for item in both.items} == {"before", "between"}
    assert {item.resource for item in all_three.items} == {"before", "between", "after"}
    assert (missing.status, missing.items) == (CheckStatus.ERROR, ())
    assert "was not read from" in (missing.problem or "")


@dataclass
class Hub:
    """A repository: merged pull requests by number and commits that were pushed, each with its time."""

    merged: dict[int, datetime] = field(default_factory=dict)
    pushed: dict[str, datetime] = field(default_factory=dict)

    def pulls(self, _: Call) -> Answer:
        newest = sorted(self.merged.items(), key=lambda one: one[1], reverse=True)
        return Answer([pull(number, at) for number, at in newest])

    def commits(self, call: Call) -> Answer:
        made = {f"merge-{number}": (f"Sell more (#{number})", at) for number, at in self.merged.items()}
        made |= {sha: ("Fix in place", at) for sha, at in self.pushed.items()}
        return Answer([commit(sha, *one) for sha, one in made.items() if stamp(one[1]) >= call.query["since"]])

    def query(self, call: Call) -> Answer:
        asked = json.loads(call.body)
        if "nodes(ids" not in asked["query"]:
            return github.query(call)
        numbers = [id.removeprefix("PR_") for id in asked["variables"]["ids"]]
        nodes = [
            {"id": f"PR_{one}", "number": int(one), "headRefOid": f"head-{one}", "mergeCommit": {"oid": f"merge-{one}"}}
            for one in numbers
        ]
        return Answer({"data": {"nodes": nodes}})

    def told(self) -> dict[str, Any]:
        return {
            **github.answers(),
            "/graphql": self.query,
            f"{BASE}/pulls": self.pulls,
            f"{BASE}/commits": self.commits,
            **{path: answer for number in self.merged for path, answer in of_pull(number, self.merged[number]).items()},
            **{f"{BASE}/commits/{sha}/pulls": Answer([]) for sha in self.pushed},
        }


def pull(number: int, at: datetime) -> dict[str, Any]:
    when = {"merged_at": stamp(at), "updated_at": stamp(at)}
    own = {"id": number, "number": number, "node_id": f"PR_{number}", "labels": [], **when}
    return {**PULL, **own, "head": {**PULL["head"], "sha": f"head-{number}"}}


def commit(sha: str, message: str, at: datetime) -> dict[str, Any]:
    made = github.commit(message, sha)
    return {**made, "commit": {**made["commit"], "committer": {"date": stamp(at)}}}


def of_pull(number: int, at: datetime) -> dict[str, Answer]:
    """A review before the merge, and a green check."""
    person = {"user": {"login": "bob", "type": "User"}, "state": "APPROVED", "commit_id": f"head-{number}"}
    check = {"name": "test", "status": "completed", "conclusion": "success", "completed_at": stamp(at - AN_HOUR)}
    return {
        f"{BASE}/pulls/{number}/reviews": Answer([{**person, "submitted_at": stamp(at - AN_HOUR)}]),
        f"{BASE}/commits/head-{number}/check-runs": Answer({"check_runs": [check]}),
    }


@pytest.fixture
def hub() -> Iterator[Scripted]:
    with Scripted().served() as served:
        yield served


async def test_changes_of_a_month_are_judged_by_all_reads_of_github(
    backend: Backend, tenant: Tenant, hub: Scripted
) -> None:
    house = Hub({11: NOW - 10 * DAY}, {"pushed-before": NOW - 20 * DAY})
    credentials = GithubCredentials(token=SecretStr("ghp_x"), organization=ORG, endpoint_url=hub.url)
    place = await connected(backend, tenant, Provider.GITHUB, credentials)

    hub.told.update(house.told())
    await place.sync(FIRST)
    house.merged[12], house.pushed["pushed-between"] = FIRST + AN_HOUR, FIRST + AN_HOUR
    hub.told.update(house.told())
    middle = await place.sync(SECOND)
    both = await place.judged(REVIEWED)
    house.merged[13] = SECOND + AN_HOUR
    hub.told.update(house.told())
    await place.sync(THIRD)
    all_three = await place.judged(REVIEWED)
    await forget(middle)
    missing = await place.judged(REVIEWED)

    reviewed, pushed = {f"{ORG}/shop#11", f"{ORG}/shop#12"}, {f"{ORG}/shop@pushed-{when}" for when in WHEN}
    assert {item.resource: item.verdict.value for item in both.items} == {
        **dict.fromkeys(reviewed, "PASS"),
        **dict.fromkeys(pushed, "FAIL"),
    }
    assert {item.resource for item in all_three.items} == reviewed | pushed | {f"{ORG}/shop#13"}
    # Each was asked about once, when it was new.
    assert [len(hub.asked(f"{BASE}/pulls/{number}/reviews")) for number in (11, 12, 13)] == [1, 1, 1]
    assert (missing.status, missing.items) == (CheckStatus.ERROR, ())
    assert "was not asked about" in (missing.problem or "")
