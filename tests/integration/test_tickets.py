"""Tickets in Jira for alerts: one each, whatever is repeated or dies, closed and opened by what is verified."""

import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from arq import Retry

import documents
from app.wiring import Backend
from connectors.ticketing.jira import OPERATIONS
from documents.alert import AlertSource
from documents.alert_change import assign_alert, close_alert, comment_alert
from documents.alert_entry import AlertEntry
from documents.audit import Act, acting
from documents.transaction import Transaction
from documents.vault import SecretLost, Vault, VaultUnavailable
from domain.facts.severity import Severity
from domain.facts.ticket import StatusCategory, TicketState
from domain.ticketing.matching import TicketMatch
from jobs.opened_secret import ACCOUNT_LOST
from jobs.tasks import sync_ticket as task_module
from tests.factories.tickets import TicketHouse, make_ticket_house
from tests.fakes.jira_site import JiraSite, jira_site
from tests.fakes.node import NoPeer
from tests.fakes.prism import prism, refused_requests
from tests.fakes.scripted import Answered


@pytest.fixture
def site() -> Iterator[JiraSite]:
    with jira_site() as made:
        yield made


def failing(error: Exception) -> Callable[..., Awaitable[str]]:
    async def fail(*_: object) -> str:
        raise error

    return fail


@pytest.fixture
async def house(backend: Backend, site: JiraSite) -> TicketHouse:
    return await make_ticket_house(backend, site)


async def test_an_alert_that_a_rule_takes_becomes_one_ticket_however_often_it_is_dispatched(house: TicketHouse) -> None:
    await house.raise_("open bucket")

    for _ in range(2):
        await house.settle("open bucket")

    task, issue, alert = await house.task("open bucket"), house.site.only(), await house.alert("open bucket")
    assert (task.state, task.issue_key, task.category) == (TicketState.OPEN, "OPS-1", StatusCategory.TO_DO)
    assert task.url == f"{house.site.url}/browse/OPS-1"
    assert issue["fields"]["summary"] == "Title of open bucket"
    assert set(issue["fields"]["labels"]) == {"cloudwatcher", f"cloudwatcher-alert-{alert.id}"}
    assert issue["sent"]["properties"] == [{"key": "cloudwatcher", "value": {"subject": f"alert:{alert.id}"}}]


async def test_the_rule_says_where_the_ticket_goes_and_what_it_says(backend: Backend, site: JiraSite) -> None:
    house = await make_ticket_house(
        backend,
        site,
        project="SEC",
        summary="{{ severity }}: {{ title }}",
        description="{{ message }}\nIn {{ region }}",
        labels=["audit"],
        priorities={Severity.CRITICAL: "Highest"},
        fields={"customfield_1": {"value": "x"}},
    )

    await house.made("root login", severity=Severity.CRITICAL, region="eu-west-1")

    sent = site.only()["sent"]["fields"]
    assert sent["project"] == {"key": "SEC"}
    assert sent["summary"] == "CRITICAL: Title of root login"
    assert [p["content"][0]["text"] for p in sent["description"]["content"]] == ["What to do.", "In eu-west-1"]
    assert "audit" in sent["labels"]
    assert (sent["priority"], sent["customfield_1"]) == ({"name": "Highest"}, {"value": "x"})


async def test_alerts_that_no_rule_takes_or_that_are_old_or_muted_become_none(backend: Backend, site: JiraSite) -> None:
    house = await make_ticket_house(backend, site, match=TicketMatch(severities=(Severity.CRITICAL,)))
    await house.raise_("low", severity=Severity.LOW)
    await house.dispatch()
    await house.raise_("old", severity=Severity.CRITICAL)
    house.later = timedelta(hours=25)
    await house.dispatch()

    assert await documents.JiraTask.count_in(house.tenant.scope, {}, cap=10) == 0


async def test_a_ticket_is_closed_when_the_cause_is_gone_and_opened_again_when_it_is_back(house: TicketHouse) -> None:
    await house.made("drift")

    await house.resolve("drift")
    await house.settle("drift")
    closed, was = await house.task("drift"), house.site.only()["fields"]["status"]["name"]
    await house.raise_("drift")
    await house.settle("drift")

    assert (closed.state, was) == (TicketState.DONE, "Done")
    assert (await house.task("drift")).state is TicketState.OPEN
    assert house.site.only()["fields"]["status"]["name"] == "To Do"
    assert [text.split(",")[0] for text in house.site.texts()] == [
        "CloudWatcher verified that the cause is gone",
        "CloudWatcher sees the cause again",
    ]


async def test_a_cause_that_is_gone_before_there_was_a_ticket_gets_none(house: TicketHouse) -> None:
    await house.raise_("brief")
    await house.dispatch()
    await house.resolve("brief")
    await house.settle("brief")

    assert (await house.task("brief")).state is TicketState.DONE
    assert house.site.issues == {}


async def test_a_ticket_whose_making_was_killed_before_it_was_recorded_is_found_again(
    house: TicketHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.raise_("killed")
    await house.dispatch()

    async def kill(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(task_module, "change_task", kill)
        with pytest.raises(RuntimeError):
            await house.sync("killed")
    with pytest.raises(Retry):  # Jira may not find it yet
        await house.sync("killed")
    house.later = timedelta(seconds=61)
    await house.sync("killed")

    assert len(house.site.issues) == 1
    assert len(house.site.asked("POST", "/issue")) == 1
    assert (await house.task("killed")).issue_key == "OPS-1"


async def test_a_ticket_whose_answer_was_lost_is_not_made_twice(house: TicketHouse) -> None:
    house.site.dies_after = ["create"]
    await house.raise_("cut")
    await house.dispatch()

    with pytest.raises(Retry):
        await house.sync("cut")
    waiting = await house.task("cut")
    await house.settle("cut")

    assert waiting.state is TicketState.WAITING
    assert waiting.problem == "Jira did not say whether POST /rest/api/3/issue worked."
    assert len(house.site.issues) == 1
    assert (await house.task("cut")).problem is None


async def test_a_comment_whose_answer_was_lost_is_not_written_twice(house: TicketHouse) -> None:
    await house.made("quiet")
    house.site.dies_after = ["comments_post"]
    await house.resolve("quiet")
    await house.settle("quiet")

    assert len(house.site.texts()) == 1
    assert house.site.only()["fields"]["status"]["name"] == "Done"
    assert (await house.task("quiet")).outbox == []


async def test_a_project_that_refuses_the_ticket_is_told_of_and_tried_again_when_raised_again(
    house: TicketHouse,
) -> None:
    house.site.refuses["create"] = Answered({"errorMessages": [], "errors": {"issuetype": "Specify a valid one"}}, 400)
    await house.made("refused")
    failed = await house.task("refused")
    del house.site.refuses["create"]
    await house.resolve("refused")
    await house.raise_("refused")
    house.later += timedelta(seconds=61)
    await house.settle("refused")

    assert failed.state is TicketState.FAILED
    assert failed.problem == "Jira refuses POST /rest/api/3/issue: issuetype: Specify a valid one"
    assert (await house.task("refused")).state is TicketState.OPEN


async def test_a_jira_that_is_away_is_tried_again(house: TicketHouse) -> None:
    house.site.refuses["myself"] = Answered({}, 429, {"Retry-After": "120"})
    await house.raise_("away")
    await house.dispatch()

    with pytest.raises(Retry) as retry:
        await house.sync("away")

    assert retry.value.defer_score is not None
    assert retry.value.defer_score >= 120_000
    assert (await house.task("away")).state is TicketState.WAITING


@pytest.mark.parametrize("body", [{"id": "10001"}, ["made-up"], {"id": "1", "key": "OPS-1", "fields": {"comment": 7}}])
async def test_an_issue_that_cannot_be_read_is_told_of_as_jiras_answer(house: TicketHouse, body: object) -> None:
    await house.made("odd")
    house.site.refuses["issue_get"] = Answered(body)
    await house.resolve("odd")
    await house.settle("odd")

    problem = (await house.task("odd")).problem
    assert problem == "Jira does not answer GET /rest/api/3/issue/{issueIdOrKey} the way it should."


async def test_a_ticket_whose_answer_cannot_be_read_is_looked_for_and_not_made_twice(house: TicketHouse) -> None:
    await house.raise_("odd")
    await house.dispatch()
    house.site.refuses["create"] = Answered({"key": "OPS-1"}, 201)

    with pytest.raises(Retry):
        await house.sync("odd")

    assert (await house.task("odd")).state is TicketState.WAITING
    assert (await house.task("odd")).problem == "Jira does not answer POST /rest/api/3/issue the way it should."


async def test_a_jira_that_is_not_connected_any_more_is_told_of(house: TicketHouse) -> None:
    await house.raise_("gone")
    await house.dispatch()
    await documents.Account.rows().update_one({"_id": house.account.id}, {"$set": {"state": "DISCONNECTED"}})

    await house.sync("gone")

    assert (await house.task("gone")).problem == "Tickets is no connected Jira account: connect it again."


async def test_a_vault_that_is_away_is_waited_for_and_a_lost_secret_told_of(
    house: TicketHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.raise_("sealed")
    await house.dispatch()

    monkeypatch.setattr(Vault, "open", failing(VaultUnavailable("away")))
    with pytest.raises(Retry):
        await house.sync("sealed")
    waiting = await house.task("sealed")
    monkeypatch.setattr(Vault, "open", failing(SecretLost("its key was deleted")))
    await house.sync("sealed")
    lost = await house.task("sealed")

    assert (waiting.state, waiting.problem) == (
        TicketState.WAITING,
        "What is stored encrypted cannot be opened just now.",
    )
    assert (lost.state, lost.problem) == (TicketState.FAILED, ACCOUNT_LOST)


async def test_who_an_alert_is_assigned_to_gets_the_ticket(house: TicketHouse) -> None:
    email = house.tenant.user.email
    house.site.people = [{"accountId": "p1", "displayName": "Person", "emailAddress": email}]
    await house.made("mine")
    member = await documents.Membership.find_in(house.tenant.scope, {"user_id": house.tenant.user.id})
    assert member is not None
    alert = await house.alert("mine")
    await house.backend.writer.commit(
        lambda tx: assign_alert(
            tx, house.tenant.scope, str(alert.id), member_id=member.id, at=house.now(), expected_version=None
        )
    )
    await house.settle("mine")

    assert house.site.only()["fields"]["assignee"]["accountId"] == "p1"
    assert ((await house.task("mine")).assignee, (await house.task("mine")).assign_to) == ("Person", None)


async def test_a_comment_in_cloudwatcher_stands_in_jira_once_and_does_not_come_back(house: TicketHouse) -> None:
    await house.made("talk")
    alert = await house.alert("talk")

    async def comment(tx: Transaction) -> None:
        await comment_alert(tx, house.tenant.scope, str(alert.id), text="Looking into it", at=house.now())
        tx.audit(alert.org_id, target=f"alert:{alert.id}")

    with acting(Act(action="alert.comment", actor=f"user:{house.tenant.user.id}")):
        await house.backend.writer.commit(comment)
    await house.settle("talk")
    written = house.site.only()["fields"]["comment"]["comments"][0]
    await house.hear(house.site.webhook("comment_created", house.site.only(), written))
    await house.reconcile()
    await house.settle("talk")

    assert house.site.texts() == [f"{house.tenant.user.name} in CloudWatcher: Looking into it"]
    (kept,) = (await house.task("talk")).comments
    assert kept.is_ours
    entries = await AlertEntry.list_in(house.tenant.scope, {"step": "COMMENTED"})
    assert len(entries) == 1


async def test_what_a_person_closes_in_cloudwatcher_is_closed_in_jira_with_the_reason(house: TicketHouse) -> None:
    await house.made("happened", source=AlertSource.EVENT)
    alert = await house.alert("happened")
    await house.backend.writer.commit(
        lambda tx: close_alert(tx, house.tenant.scope, str(alert.id), reason="It was me", at=house.now())
    )
    await house.settle("happened")

    assert house.site.only()["fields"]["status"]["name"] == "Done"
    assert house.site.texts() == ["Closed in CloudWatcher: It was me"]


async def test_everything_that_is_asked_keeps_to_what_jira_publishes(
    house: TicketHouse, shared: Path, tmp_path: Path
) -> None:
    house.site.people = [{"accountId": "p1", "displayName": "Ada", "emailAddress": house.tenant.user.email}]
    await house.made("whole")
    alert, scope = await house.alert("whole"), house.tenant.scope
    member = await documents.Membership.find_in(scope, {"user_id": house.tenant.user.id})
    assert member is not None
    whom = {"member_id": member.id, "at": house.now(), "expected_version": None}
    await house.backend.writer.commit(lambda tx: assign_alert(tx, scope, str(alert.id), **whom))
    await house.settle("whole")
    await house.resolve("whole")
    await house.settle("whole")
    await house.reconcile()
    assert house.site.server is not None
    asked = list(house.site.server.asked)
    log = tmp_path / "log"

    try:
        with prism(shared / "specs" / "jira.json", log) as url:
            for one in asked:
                headers = {name: one.headers[name] for name in ("authorization", "content-type") if name in one.headers}
                httpx2.request(one.method, f"{url}{one.target}", content=one.text, headers=headers, timeout=60)
    except NoPeer as missing:
        pytest.skip(f"needs Prism: {missing}")

    assert refused_requests(log) == []
    made = {(one.method, re.sub(r"/issue/\d+", "/issue/{issueIdOrKey}", one.path)) for one in asked}
    assert made == {tuple(operation.name.split(" ", 1)) for operation in OPERATIONS}
