"""Our tickets in Jira Cloud: make, find, read, move, assign and comment. Source: Jira Cloud REST API v3."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2

from connectors.reading.listing import Arguments, Operation
from connectors.reading.source import Reach
from connectors.rest.client import RestClient, Vendor, open_http, request_of, translate
from connectors.rest.paging import Reply, Request, body_token, one_page
from connectors.ticketing.parsing import key_of, parse_comment, parse_issue, parse_ways
from domain.endpoint import check_endpoint
from domain.errors import Misshapen, ProviderError, Rejected, Unavailable
from domain.facts.credentials import JiraCredentials
from domain.facts.ticket import SeenComment, SeenTicket, StatusCategory
from domain.ticketing.adf import document
from domain.ticketing.ownership import LABEL, PROPERTY, label_of

READ, WRITE, PEOPLE = ("read:jira-work",), ("write:jira-work",), ("read:jira-user",)
ABSENT = frozenset({"404"})
# Of what makes something new an answer that is lost must not lead to a second one.
ONCE = {"is_once": True}
ISSUE = "/rest/api/3/issue/{issueIdOrKey}"
MYSELF = Operation(name="GET /rest/api/3/myself", service="user", permissions=PEOPLE)
SEARCH = Operation(name="POST /rest/api/3/search/jql", service="search", permissions=READ)
CREATE = Operation(name="POST /rest/api/3/issue", service="issue", permissions=WRITE, options=ONCE)
GET = Operation(name=f"GET {ISSUE}", service="issue", permissions=READ, absent=ABSENT)
COMMENTS = Operation(name=f"GET {ISSUE}/comment", service="issue", permissions=READ, absent=ABSENT)
COMMENT = Operation(name=f"POST {ISSUE}/comment", service="issue", permissions=WRITE, options=ONCE)
TRANSITIONS = Operation(name=f"GET {ISSUE}/transitions", service="issue", permissions=READ)
TRANSITION = Operation(name=f"POST {ISSUE}/transitions", service="issue", permissions=WRITE, options=ONCE)
ASSIGNABLE = Operation(name="GET /rest/api/3/user/assignable/search", service="user", permissions=PEOPLE)
ASSIGN = Operation(name=f"PUT {ISSUE}/assignee", service="issue", permissions=WRITE)
OPERATIONS = (MYSELF, SEARCH, CREATE, GET, COMMENTS, COMMENT, TRANSITIONS, TRANSITION, ASSIGNABLE, ASSIGN)

FIELDS = ("summary", "status", "assignee", "priority", "updated", "comment")
PAGE_SIZE = 50
MOST_COMMENTS = 100
# A page holds 50; more tickets than this do not move between two looks.
MOST_PAGES = 40
# Less than the guard waits for, so that we say ourselves what a lost answer means.
ANSWER_WITHIN = timedelta(seconds=30)


class Unsure(ProviderError):
    """The answer was lost: it may have been done. Look before trying again."""

    is_retryable = True


class TicketClient(RestClient):
    """Never sends twice what makes something new."""

    async def _send(self, operation: Operation, request: Request) -> Reply:
        if not operation.options.get("is_once"):
            return await super()._send(operation, request)
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                return await super()._send(operation, request)
        except (Unavailable, TimeoutError, httpx2.HTTPError) as error:
            message = f"Jira did not say whether {operation.name} worked."
            raise Unsure(message, service=operation.service) from error


@dataclass(frozen=True, kw_only=True)
class TicketDraft:
    """A ticket to be made. `fields` are further fields by Jira's own name; `subject` is what it is found again by."""

    subject: str
    project: str
    issue_type: str
    summary: str
    description: str
    labels: Sequence[str] = ()
    priority: str | None = None
    fields: Mapping[str, Any] | None = None

    def body(self) -> dict[str, Any]:
        """The request that makes it."""
        fields: dict[str, Any] = {
            **(self.fields or {}),
            "project": {"key": self.project},
            "issuetype": {"name": self.issue_type},
            "summary": self.summary,
            "description": document(self.description),
            "labels": sorted({LABEL, label_of(self.subject), *self.labels}),
        }
        if self.priority:
            fields["priority"] = {"name": self.priority}
        return {"fields": fields, "properties": [{"key": PROPERTY, "value": {"subject": self.subject}}]}


class JiraTickets:
    """Of one site, as the user whose token it is."""

    def __init__(self, client: TicketClient, base_url: str, site: str) -> None:
        self._client, self._base_url, self._site = client, base_url, site.rstrip("/")

    def link(self, key: str) -> str:
        """Where people look at an issue."""
        return f"{self._site}/browse/{key}"

    async def robot(self) -> str:
        """The id of the user that we are there."""
        body = await self._ask(MYSELF, {})
        if not isinstance(body, dict) or not body.get("accountId"):
            raise Misshapen(f"{urlsplit(self._site).hostname} does not answer the way Jira does.", service="user")
        return str(body["accountId"])

    async def find(self, subject: str) -> SeenTicket | None:
        """The ticket of this subject, the oldest if somebody has cloned it; None when there is none.

        Found once Jira has indexed it, which may take it some seconds.
        """
        jql = f'labels = "{label_of(subject)}" ORDER BY created ASC'
        body = await self._ask(SEARCH, {"jql": jql, "fields": list(FIELDS), "maxResults": 1})
        with _read(SEARCH):
            issues = body.get("issues") or []
            return parse_issue(issues[0]) if issues else None

    async def changed(self, since: timedelta) -> AsyncIterator[SeenTicket]:
        """Our tickets that were changed within the time, the oldest change first, with all their late comments."""
        # In minutes from now, because Jira reads dates in the time zone of the user.
        jql = f'labels = "{LABEL}" AND updated >= -{int(since.total_seconds() // 60) + 1}m ORDER BY updated ASC'
        asked = {"jql": jql, "fields": list(FIELDS), "maxResults": PAGE_SIZE}
        left = MOST_PAGES
        async for page in self._client.pages(SEARCH, asked, body_token("nextPageToken", "nextPageToken")):
            with _read(SEARCH):
                found = [parse_issue(issue) for issue in page.get("issues") or ()]
            for seen in found:
                yield await self._completed(seen) if seen.has_more_comments else seen
            left -= 1
            if left == 0:
                return

    async def get(self, issue_id: str) -> SeenTicket | None:
        """One ticket with its latest comments and our marks on them; None when it was deleted."""
        async for body in self._client.pages(
            GET, {"issueIdOrKey": issue_id, "fields": ",".join(FIELDS[:-1])}, one_page
        ):
            with _read(GET):
                seen = parse_issue(body)
            return await self._completed(seen)
        return None

    async def _completed(self, seen: SeenTicket) -> SeenTicket:
        return seen.model_copy(update={"comments": await self._comments(seen.id), "has_more_comments": False})

    async def _comments(self, issue_id: str) -> tuple[SeenComment, ...]:
        asked = {"issueIdOrKey": issue_id, "orderBy": "-created", "maxResults": MOST_COMMENTS, "expand": "properties"}
        async for body in self._client.pages(COMMENTS, asked, one_page):
            with _read(COMMENTS):
                return tuple(reversed([parse_comment(one) for one in body.get("comments") or ()]))
        return ()

    async def create(self, draft: TicketDraft) -> tuple[str, str]:
        """(id, key) of a new ticket. Raises Unsure when the answer is lost: find it before trying again."""
        body = await self._ask(CREATE, draft.body())
        with _read(CREATE):
            return str(body["id"]), str(body["key"])

    async def comment(self, issue_id: str, text: str, key: str) -> SeenComment:
        """Add a comment that bears our name `key`. Raises Unsure when the answer is lost."""
        asked = {"body": document(text), "properties": [{"key": PROPERTY, "value": {"key": key}}]}
        body = await self._ask(COMMENT, {"issueIdOrKey": issue_id, **asked})
        with _read(COMMENT):
            return parse_comment(body).model_copy(update={"key": key_of(body.get("properties") or ()) or key})

    async def move(self, issue_id: str, wanted: Sequence[StatusCategory]) -> None:
        """Move the ticket into the first of these categories that its workflow lets it go to from where it is.

        Raises Rejected when there is no such way.
        """
        body = await self._ask(TRANSITIONS, {"issueIdOrKey": issue_id})
        with _read(TRANSITIONS):
            ways = parse_ways(body)
        way = next((ways[category] for category in wanted if category in ways), None)
        if way is None:
            names = " or ".join(category.value for category in wanted)
            raise Rejected(f"The workflow offers no transition to a status of {names} from here.", service="issue")
        await self._ask(TRANSITION, {"issueIdOrKey": issue_id, "transition": {"id": way}})

    async def assign(self, issue_id: str, key: str, email: str) -> bool:
        """Assign the ticket to the person with this address; False when Jira knows nobody like that there."""
        people = await self._ask(ASSIGNABLE, {"query": email, "issueKey": key, "maxResults": 2})
        # Addresses may be hidden: one hit for a whole address is taken for the person, two are not.
        if not isinstance(people, list) or len(people) != 1:
            return False
        with _read(ASSIGNABLE):
            person = str(people[0]["accountId"])
        await self._ask(ASSIGN, {"issueIdOrKey": issue_id, "accountId": person})
        return True

    async def _ask(self, operation: Operation, arguments: Arguments) -> Any:
        return (await self._client.reply(operation, request_of(operation, self._base_url, arguments))).body


@contextmanager
def _read(operation: Operation) -> Iterator[None]:
    """What cannot be read of an answer is Misshapen; Unsure where something was made: then it is looked for first."""
    try:
        yield
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        message = f"Jira does not answer {operation.name} the way it should."
        kind = Unsure if operation.options.get("is_once") else Misshapen
        raise kind(message, service=operation.service) from error


def refusal(reply: Reply, operation: Operation) -> ProviderError | None:
    """What Jira says of a request that it can read and does not want: which fields, and why."""
    if reply.status not in (httpx2.codes.BAD_REQUEST, httpx2.codes.CONFLICT, httpx2.codes.UNPROCESSABLE_CONTENT):
        return None
    body = reply.body if isinstance(reply.body, dict) else {}
    named = [f"{name}: {said}" for name, said in (body.get("errors") or {}).items()]
    said = "; ".join([*map(str, body.get("errorMessages") or ()), *named]) or "no reason given"
    return Rejected(f"Jira refuses {operation.name}: {' '.join(said.split())[:300]}", service=operation.service)


@asynccontextmanager
async def open_tickets(credentials: JiraCredentials, reach: Reach) -> AsyncIterator[JiraTickets]:
    """Raises Invalid for an address that may not be used."""
    base = check_endpoint(credentials.endpoint_url or credentials.site_url, reach.allow_private_endpoint)
    pair = f"{credentials.email}:{credentials.token.get_secret_value()}"
    headers = {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}

    async def authorize() -> Mapping[str, str]:
        return headers

    vendor = Vendor(name="Jira", base_url=base, next_page=one_page, authorize=authorize, refusal=refusal)
    async with open_http(reach.allow_private_endpoint) as http:
        yield JiraTickets(TicketClient(http, reach.guard(translate), vendor), base, credentials.site_url)
