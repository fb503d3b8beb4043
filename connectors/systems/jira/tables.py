"""What is read of a Jira site. Source: Jira Cloud REST API v3."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.reading.listing import Detail, Item, Listing, Operation, Place, Window, at, joined
from connectors.systems.jira import source
from domain.compliance.tickets import BREACH, INCIDENT, kind_of
from domain.facts.resource import Resource, ResourceKind

# What controls judge: the life of an issue, who asked and who answers for it, and how it is marked.
FIELDS = (
    "summary",
    "status",
    "issuetype",
    "priority",
    "labels",
    "created",
    "updated",
    "duedate",
    "resolutiondate",
    "reporter",
    "assignee",
    "attachment",
    "project",
)
# The longest window of a control is a year, but its issues are read as they move; a first look takes a quarter.
FIRST_LOOK = timedelta(days=90)
# JQL compares in the time zone of the user, which is at most 14 hours away; minutes are its finest grain.
OVERLAP = timedelta(hours=15)
# The label of risks.
REGISTER = "risk"
# Of people only this is kept: who did what, not how to reach them.
PERSON = ("accountId", "displayName", "active")


def parse_project(item: Item, _: Mapping[str, Any], __: Place) -> Resource:
    """A project by its key."""
    config = {key: value for key, value in item.items() if key not in ("avatarUrls", "self", "expand")}
    return Resource(
        kind=ResourceKind.JIRA_PROJECT, native_id=item["key"], name=item.get("name") or item["key"], config=config
    )


def parse_issue(item: Item, details: Mapping[str, Any], _: Place) -> Resource:
    """An issue by its key, with how it moved when somebody counts on it."""
    fields = item["fields"]
    return Resource(
        kind=ResourceKind.JIRA_ISSUE,
        native_id=item["key"],
        name=fields.get("summary") or item["key"],
        config={"id": item["id"], "fields": fields, **details},
    )


def without_contacts(answer: Any) -> Any:
    """The answer with no more of people than PERSON, and attachments counted by name, size and time only."""
    if isinstance(answer, list):
        return [without_contacts(item) for item in answer]
    if not isinstance(answer, dict):
        return answer
    if "accountId" in answer:
        return {key: answer[key] for key in PERSON if key in answer}
    return {key: without_contacts(value) for key, value in answer.items() if key not in ("content", "thumbnail")}


def issue_search(place: Place) -> dict[str, Any]:
    """The search for issues that moved since the last look, oldest first, and for the whole register of risks: what
    nobody has touched for long is what it is looked through for.
    """
    since = place.since - OVERLAP if place.since else place.now - FIRST_LOOK
    jql = f'updated >= "{since:%Y-%m-%d %H:%M}" OR labels = {REGISTER} ORDER BY updated ASC'
    return {"jql": jql, "fields": list(FIELDS), "maxResults": source.PAGE_SIZE}


def is_counted_on(item: Item) -> bool:
    """Controls find the issues whose course they judge by label, and incidents and breaches by their kind too."""
    return bool(item["fields"].get("labels")) or kind_of(item["fields"]) in (INCIDENT, BREACH)


LISTINGS = (
    Listing(
        operation=Operation(name="GET /rest/api/3/project/search", service="project", permissions=("read:jira-work",)),
        items=at("values"),
        kind=ResourceKind.JIRA_PROJECT,
        parse=parse_project,
        arguments=lambda _: {"maxResults": source.PAGE_SIZE},
    ),
    Listing(
        operation=Operation(
            name="POST /rest/api/3/search/jql",
            service="search",
            permissions=("read:jira-work",),
            hidden=without_contacts,
        ),
        items=at("issues"),
        kind=ResourceKind.JIRA_ISSUE,
        parse=parse_issue,
        arguments=issue_search,
        is_window=True,
        window=Window(path="issues", keys=("id",)),
        details=(
            Detail(
                key="changelog",
                operation=Operation(
                    name="GET /rest/api/3/issue/{issueIdOrKey}/changelog",
                    service="issue",
                    permissions=("read:jira-work",),
                    hidden=without_contacts,
                ),
                arguments=lambda item, _: {"issueIdOrKey": item["key"], "maxResults": source.PAGE_SIZE},
                pick=joined("values"),
                applies=is_counted_on,
            ),
        ),
    ),
)
