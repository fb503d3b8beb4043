"""Rules of tickets, and tickets of chosen alerts, in the graph."""

from collections.abc import Iterator
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents import AccountState
from domain.facts.provider import Provider
from domain.facts.ticket import TicketState
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant
from tests.factories.tickets import TicketHouse, make_jira_account, make_ticket_house
from tests.fakes.jira_site import JiraSite, jira_site

CREATE = """
mutation($input: CreateTicketRuleInput!) {
  createTicketRule(input: $input) {
    __typename
    ... on CreateTicketRuleSuccess {
      ticketRule {
        id name project issueType labels version account { name } priorities { severity priority } fields { name value }
        match { severities sources categories accountIds tags { name value } }
      }
    }
    ... on UserError { message path }
  }
}
"""
UPDATE = """
mutation($input: UpdateTicketRuleInput!) {
  updateTicketRule(input: $input) {
    __typename
    ... on UpdateTicketRuleSuccess {
      ticketRule { name version isPaused match { severities } priorities { priority } fields { value } }
    }
    ... on UserError { message path }
  }
}
"""
DELETE = "mutation($input: DeleteTicketRuleInput!) { deleteTicketRule(input: $input) { __typename } }"
LIST = "{ ticketRules { nodes { id name } } }"
TICKET = """
mutation($input: CreateTicketInput!) {
  createTicket(input: $input) {
    __typename
    ... on CreateTicketSuccess { jiraTask { state summary alert { title } account { name } } }
    ... on ConflictError { message current { ... on JiraTask { issueKey } } }
    ... on UserError { message path }
  }
}
"""
TASKS = """
query($filter: JiraTaskFilter) {
  jiraTasks(filter: $filter) {
    nodes { issueKey url state status category assignee comments { author text at isOurs } alert { title } }
  }
}
"""


@pytest.fixture
def site() -> Iterator[JiraSite]:
    with jira_site() as made:
        yield made


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
async def account(backend: Backend, tenant: Tenant, site: JiraSite) -> documents.Account:
    return await make_jira_account(backend, tenant, site.url)


def rule(account: documents.Account, **more: Any) -> dict[str, Any]:
    return {"name": "All", "accountId": global_id("Account", account.id), "project": "OPS", "match": {}} | more


async def test_a_rule_is_made_shown_changed_and_deleted(
    graph: Graph, tenant: Tenant, account: documents.Account
) -> None:
    match = {
        "severities": ["HIGH"],
        "sources": ["CHECK"],
        "categories": ["COMPLIANCE"],
        "accountIds": [global_id("Account", account.id)],
        "tags": [{"name": "team", "value": "red"}],
    }
    more = {
        "match": match,
        "labels": ["audit"],
        "priorities": [{"severity": "HIGH", "priority": "High"}],
        "fields": [{"name": "customfield_1", "value": '{"value": "x"}'}],
        "summary": "{{ title | upper }}",
    }
    made = (await graph.ask(CREATE, tenant.token, input=rule(account, **more)))["createTicketRule"]["ticketRule"]
    twice = (await graph.ask(CREATE, tenant.token, input=rule(account)))["createTicketRule"]
    changes = {
        "ticketRuleId": made["id"],
        "expectedVersion": 1,
        "name": "Renamed",
        "isPaused": True,
        "match": {"severities": ["LOW"]},
        "priorities": [{"severity": "LOW", "priority": "Low"}],
        "fields": [{"name": "components", "value": "[]"}],
    }
    changed = (await graph.ask(UPDATE, tenant.token, input=changes))["updateTicketRule"]["ticketRule"]
    stale = (await graph.ask(UPDATE, tenant.token, input=changes))["updateTicketRule"]
    nothing = (await graph.ask(UPDATE, tenant.token, input={"ticketRuleId": made["id"]}))["updateTicketRule"]
    listed = (await graph.ask(LIST, tenant.token))["ticketRules"]["nodes"]
    await graph.ask(DELETE, tenant.token, input={"ticketRuleId": made["id"]})

    assert made["match"] == match
    assert (made["project"], made["issueType"], made["account"]) == ("OPS", "Task", {"name": "Tickets"})
    assert made["fields"] == [{"name": "customfield_1", "value": '{"value":"x"}'}]
    assert made["priorities"] == more["priorities"]
    assert "already" in twice["message"]
    assert changed == {
        "name": "Renamed",
        "version": 2,
        "isPaused": True,
        "match": {"severities": ["LOW"]},
        "priorities": [{"priority": "Low"}],
        "fields": [{"value": "[]"}],
    }
    assert stale["__typename"] == "ConflictError"
    assert nothing["message"] == "Say what to change."
    assert [one["name"] for one in listed] == ["Renamed"]
    assert (await graph.ask(LIST, tenant.token))["ticketRules"]["nodes"] == []


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"summary": "{{ title"}, ["input", "summary"]),
        ({"description": "{{ secrets }}"}, ["input", "description"]),
        ({"fields": [{"name": "components", "value": "not json"}]}, ["input", "fields"]),
    ],
)
async def test_what_jira_or_the_template_could_not_take_is_refused(
    graph: Graph, tenant: Tenant, account: documents.Account, more: dict[str, Any], path: list[str]
) -> None:
    answer = (await graph.ask(CREATE, tenant.token, input=rule(account, **more)))["createTicketRule"]

    assert answer["path"] == path


async def test_the_account_is_a_connected_jira_of_the_organization(
    graph: Graph, backend: Backend, tenant: Tenant, site: JiraSite
) -> None:
    cloud = documents.Account(
        org_id=tenant.organization.id, provider=Provider.AWS, name="cloud", state=AccountState.CONNECTED
    )
    await cloud.insert()
    foreign = await make_jira_account(backend, await make_tenant(backend), site.url)

    wrong = (await graph.ask(CREATE, tenant.token, input=rule(cloud)))["createTicketRule"]
    theirs = (await graph.ask(CREATE, tenant.token, input=rule(foreign)))["createTicketRule"]

    assert wrong["message"] == "Choose a connected account of Jira."
    assert theirs["__typename"] == "NotFoundError"


async def test_a_chosen_alert_gets_a_ticket_and_only_one(graph: Graph, backend: Backend, site: JiraSite) -> None:
    house = await make_ticket_house(backend, site)
    await house.raise_("a")
    token, alert = house.tenant.token, await house.alert("a")
    chosen = {"alertId": global_id("Alert", alert.id)}

    made = (await graph.ask(TICKET, token, input=chosen))["createTicket"]
    await house.settle("a")
    again = (await graph.ask(TICKET, token, input=chosen))["createTicket"]
    (listed,) = (await graph.ask(TASKS, token, filter={"alertId": chosen["alertId"]}))["jiraTasks"]["nodes"]

    assert made["jiraTask"] == {
        "state": "WAITING",
        "summary": "Title of a",
        "alert": {"title": "Title of a"},
        "account": {"name": "Tickets"},
    }
    assert again["current"] == {"issueKey": "OPS-1"}
    assert (listed["issueKey"], listed["state"], listed["category"]) == ("OPS-1", "OPEN", "TO_DO")
    assert listed["url"] == f"{site.url}/browse/OPS-1"


async def test_comments_are_shown_with_their_time(graph: Graph, backend: Backend, site: JiraSite) -> None:
    house = await make_ticket_house(backend, site)
    await house.made("a")
    site.said(site.only(), "p1", "Ada", "hello")
    await house.reconcile()

    states = {"organizationId": house.tenant.global_id, "states": ["OPEN"]}
    (listed,) = (await graph.ask(TASKS, house.tenant.token, filter=states))["jiraTasks"]["nodes"]

    said = site.only()["fields"]["comment"]["comments"][0]["created"].replace(".000+0000", "Z")
    assert listed["comments"] == [{"author": "Ada", "text": "hello", "at": said, "isOurs": False}]


async def test_a_failed_ticket_is_tried_again(graph: Graph, backend: Backend, site: JiraSite) -> None:
    house = await make_ticket_house(backend, site)
    await house.made("a")
    task = await house.task("a")
    failed = {"state": TicketState.FAILED.value, "issue_id": None, "problem": "x"}
    await documents.JiraTask.rows().update_one({"_id": task.id}, {"$set": failed})

    answer = (await graph.ask(TICKET, house.tenant.token, input=of_alert(task)))["createTicket"]

    assert answer["jiraTask"]["state"] == "WAITING"


async def test_a_resolved_alert_and_one_without_any_rule_get_none(
    graph: Graph, backend: Backend, site: JiraSite
) -> None:
    house = await make_ticket_house(backend, site)
    await house.raise_("a")
    alert = await house.alert("a")
    chosen = {"alertId": global_id("Alert", alert.id)}
    await documents.TicketRule.rows().delete_many({"org_id": house.org_id})

    lawless = (await graph.ask(TICKET, house.tenant.token, input=chosen))["createTicket"]
    await house.resolve("a")
    late = (await graph.ask(TICKET, house.tenant.token, input=chosen))["createTicket"]

    assert lawless["message"].startswith("Make a ticket rule first")
    assert late["message"] == "This alert is resolved: there is nothing left to do."


async def test_a_rule_that_is_named_makes_the_ticket(graph: Graph, backend: Backend, site: JiraSite) -> None:
    house: TicketHouse = await make_ticket_house(backend, site)
    named = documents.TicketRule(
        org_id=house.org_id, name="Named", account_id=house.account.id, project="SEC", issue_type="Bug"
    )
    await named.insert()
    await house.raise_("a")
    alert = await house.alert("a")
    chosen = {"alertId": global_id("Alert", alert.id), "ticketRuleId": global_id("TicketRule", named.id)}

    await graph.ask(TICKET, house.tenant.token, input=chosen)
    await house.settle("a")

    assert (await house.task("a")).issue_key == "SEC-1"


def of_alert(task: documents.JiraTask) -> dict[str, Any]:
    return {"alertId": global_id("Alert", task.alert_id)}
