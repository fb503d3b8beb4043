"""What people do with our tickets in Jira: told by webhook or asked for, it comes to the same, once, without echo."""

import secrets
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from beanie import PydanticObjectId

import documents
from app.wiring import Backend
from documents import AlertState
from documents.alert import AlertSource
from documents.alert_entry import AlertEntry
from documents.jira_task import JiraTask, accounts_with_tickets
from domain.facts.ticket import StatusCategory, TicketState
from jobs.tasks import reconcile_tickets as reconciling
from tests.factories.backlog import forget_job, is_asked
from tests.factories.tickets import TicketHouse, make_ticket_house
from tests.fakes.jira_site import JiraSite, jira_site
from tests.fakes.scripted import Answered

Hear = Callable[[dict[str, Any]], Awaitable[object]]


@pytest.fixture
def site() -> Iterator[JiraSite]:
    with jira_site() as made:
        yield made


@pytest.fixture
async def house(backend: Backend, site: JiraSite) -> TicketHouse:
    return await make_ticket_house(backend, site)


async def heard(house: TicketHouse, way: str, event: str, comment: dict[str, Any] | None = None) -> None:
    """Let CloudWatcher hear of the one issue by webhook, by asking, or both, twice each."""
    for _ in range(2):
        if way in ("webhook", "both"):
            await house.hear(house.site.webhook(event, house.site.only(), comment))
        if way in ("asking", "both"):
            await house.reconcile()


WAYS = pytest.mark.parametrize("way", ["webhook", "asking", "both"])


@WAYS
async def test_status_assignee_and_priority_are_taken_over(house: TicketHouse, way: str) -> None:
    await house.made("a")
    issue = house.site.only()
    issue["fields"]["priority"] = {"name": "Low"}
    house.site.assigned(issue, "p1", "Ada")
    house.site.moved(issue, "In Progress")

    await heard(house, way, "jira:issue_updated")

    task = await house.task("a")
    assert (task.status, task.category) == ("In Progress", StatusCategory.IN_PROGRESS)
    assert (task.assignee, task.priority, task.updated_at) == ("Ada", "Low", house.site.clock)


@WAYS
async def test_a_comment_comes_once_into_the_ticket_and_the_history_and_is_not_sent_back(
    house: TicketHouse, way: str
) -> None:
    await house.made("a")
    comment = house.site.said(house.site.only(), "p1", "Ada", "I know this one")

    await heard(house, way, "comment_created", comment)
    await house.settle("a")

    assert [(one.author, one.text, one.is_ours) for one in (await house.task("a")).comments] == [
        ("Ada", "I know this one", False)
    ]
    entries = await AlertEntry.list_in(house.tenant.scope, {"step": "COMMENTED"})
    assert [(one.actor, one.text) for one in entries] == [("jira:p1", "Ada in Jira: I know this one")]
    assert house.site.texts() == ["I know this one"]


@WAYS
async def test_whoever_begins_to_work_on_the_ticket_has_taken_the_alert_on(house: TicketHouse, way: str) -> None:
    await house.made("a")
    house.site.assigned(house.site.only(), "p1", "Ada")
    house.site.moved(house.site.only(), "In Progress")

    await heard(house, way, "jira:issue_updated")

    assert (await house.alert("a")).state is AlertState.ACKNOWLEDGED
    entries = await documents.AuditEntry.list_in(house.tenant.scope, {"action": "alert.acknowledge"})
    assert [(one.actor, one.acting_for) for one in entries] == [("jira:p1", f"account:{house.account.id}")]


@WAYS
async def test_a_ticket_that_is_closed_while_its_cause_is_there_is_opened_again_once_with_a_comment(
    house: TicketHouse, way: str
) -> None:
    await house.made("a")
    house.site.moved(house.site.only(), "Done")

    await heard(house, way, "jira:issue_updated")
    await house.settle("a")

    assert house.site.only()["fields"]["status"]["name"] == "To Do"
    (text,) = house.site.texts()
    assert text.startswith("CloudWatcher opened this ticket again: its cause is still there.")
    assert (await house.task("a")).state is TicketState.OPEN


@WAYS
async def test_closing_the_ticket_of_what_merely_happened_closes_its_alert(house: TicketHouse, way: str) -> None:
    await house.made("a", source=AlertSource.EVENT)
    house.site.moved(house.site.only(), "Done")

    await heard(house, way, "jira:issue_updated")
    await house.settle("a")

    alert = await house.alert("a")
    assert (alert.state, alert.resolution) == (AlertState.RESOLVED, "Closed in Jira as OPS-1.")
    assert house.site.only()["fields"]["status"]["name"] == "Done"
    assert house.site.texts() == []


async def test_what_we_do_ourselves_is_not_heard_as_something_people_did(house: TicketHouse) -> None:
    await house.made("a")
    await house.resolve("a")
    await house.settle("a")
    ours = house.site.only()["fields"]["comment"]["comments"][0]
    asked = len(house.site.asked("POST", "/comment")), len(house.site.asked("POST", "/transitions"))

    await heard(house, "both", "jira:issue_updated")
    await house.hear(house.site.webhook("comment_created", house.site.only(), ours))
    await house.settle("a")

    assert (len(house.site.asked("POST", "/comment")), len(house.site.asked("POST", "/transitions"))) == asked
    assert await AlertEntry.count_in(house.tenant.scope, {"step": "COMMENTED"}, cap=9) == 0


async def test_an_older_report_does_not_undo_a_newer_one_but_its_comment_is_kept(house: TicketHouse) -> None:
    await house.made("a")
    issue = house.site.only()
    comment = house.site.said(issue, "p1", "Ada", "first")
    old = house.site.webhook("jira:issue_updated", issue)
    old["comment"] = house.site.webhook("comment_created", issue, comment)["comment"]
    house.site.moved(issue, "In Progress")
    await house.hear(house.site.webhook("jira:issue_updated", issue))

    await house.hear(old)

    task = await house.task("a")
    assert task.status == "In Progress"
    assert [one.text for one in task.comments] == ["first"]


async def test_a_deleted_ticket_is_noted_and_made_anew_only_when_the_cause_comes_back(house: TicketHouse) -> None:
    await house.made("a")
    body = house.site.webhook("jira:issue_deleted", house.site.only())
    house.site.issues.clear()
    await house.hear(body)
    await house.settle("a")
    gone = await house.task("a")
    await house.resolve("a")
    await house.raise_("a")
    await house.settle("a")

    assert gone.state is TicketState.FAILED
    assert gone.problem == "The ticket was deleted in Jira. It is made anew when the alert is raised again."
    assert (await house.task("a")).issue_key == "OPS-2"


async def test_a_ticket_that_was_deleted_without_a_word_is_noticed_at_the_next_look(house: TicketHouse) -> None:
    await house.made("a")
    house.site.issues.clear()

    await house.sync("a")

    assert (await house.task("a")).state is TicketState.FAILED


async def test_a_ticket_keeps_its_place_when_it_is_moved_to_another_project(house: TicketHouse) -> None:
    await house.made("a")
    house.site.only()["key"] = "SEC-9"
    house.site.touch(house.site.only())

    await house.hear(house.site.webhook("jira:issue_updated", house.site.only()))

    task = await house.task("a")
    assert (task.issue_key, task.url) == ("SEC-9", f"{house.site.url}/browse/SEC-9")


async def test_issues_of_others_other_accounts_and_other_tenants_change_nothing(
    house: TicketHouse, backend: Backend, site: JiraSite
) -> None:
    await house.made("a")
    stranger = await make_ticket_house(backend, site)
    before = await house.task("a")
    site.moved(site.only(), "In Progress")
    body = site.webhook("jira:issue_updated", site.only())

    await stranger.hear(body)
    await stranger.hear(body, account_id=house.account.id)
    await house.hear(body, account_id=PydanticObjectId())
    await house.hear({**body, "issue": {**body["issue"], "id": "777"}})
    await house.hear({"webhookEvent": "jira:version_released"})
    await stranger.reconcile()

    assert await house.task("a") == before
    assert (await house.alert("a")).state is AlertState.OPEN


async def test_asking_begins_where_the_last_look_ended_and_asks_again_for_lost_jobs(house: TicketHouse) -> None:
    await house.made("a")
    await house.raise_("lost")
    await house.dispatch()
    await forget_job(house.backend, job := f"sync_ticket:{(await house.task('lost')).id}")
    house.later = timedelta(hours=2)

    await house.reconcile()
    house.later = timedelta(hours=2, minutes=10)
    await house.reconcile()

    first, second = (one.json["jql"] for one in house.site.asked("POST", "/search/jql")[-2:])
    assert first == 'labels = "cloudwatcher" AND updated >= -126m ORDER BY updated ASC'
    # Ten minutes, five that overlap, and one because minutes are cut off.
    assert second == 'labels = "cloudwatcher" AND updated >= -16m ORDER BY updated ASC'
    assert await is_asked(house.backend, job)


async def test_a_look_that_fails_leaves_the_time_of_the_last_one(house: TicketHouse) -> None:
    await house.made("a")
    house.site.refuses["search"] = Answered({"errorMessages": ["no"]}, 400)

    assert await house.reconcile() == 0
    assert (await house.task("a")).reconciled_at is None


async def test_every_account_with_tickets_is_asked_for(house: TicketHouse) -> None:
    await house.made("a")

    found = await accounts_with_tickets()
    asked = await reconciling.ask_for_reconciliation(house.job())

    assert (house.org_id, house.account.id) in found
    assert asked == len(found)


async def test_more_comments_than_a_search_gives_are_fetched(house: TicketHouse) -> None:
    await house.made("a")
    issue = house.site.only()
    for number in range(25):
        house.site.said(issue, "p1", "Ada", f"comment {number} {secrets.token_hex(2)}")
    everything = issue["fields"]["comment"]["comments"]
    cut = {**issue, "fields": {**issue["fields"], "comment": {"comments": everything[-2:], "total": 25}}}
    house.site.refuses["search"] = Answered({"issues": [cut]})

    await house.reconcile()

    task: JiraTask = await house.task("a")
    assert len(task.comment_ids) == 25
    assert [one.text.split()[1] for one in task.comments] == [str(number) for number in range(5, 25)]
