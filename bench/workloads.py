"""What every server is asked, and how the same question is put to each of them."""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from bench.peers.catalogue import Peer

SMALL = "{ version }"
LIST = (
    "{ alerts(first: 100) { nodes { id source severity title message state raisedAt acknowledgedAt timesRaised version"
    " } } }"
)
NESTED = (
    "{ alerts(first: 50) { nodes { id title account { id name provider }"
    " finding { id title resource { id name kind region } } } } }"
)
ACKNOWLEDGE = (
    "mutation Take($id: ID!) { acknowledgeAlert(input: {alertId: $id}) {"
    " ... on AcknowledgeAlertSuccess { alert { id state version } } } }"
)
DASHBOARD = (
    "{ dashboard { currency costsUntil costMonthToDate costLastMonth costSameDaysLastMonth costYesterday costLast30Days"
    " openFindings criticalFindings monthlySaving openAlerts criticalAlerts accounts failingAccounts } }"
)
ALERT = "id severity title message state raisedAt"
FEED = f"subscription {{ alertRaised {{ ... on AlertRaised {{ cursor at alert {{ {ALERT} }} }} }} }}"


@dataclass(frozen=True, slots=True)
class Workload:
    """`mark` stands in every right answer. Changes of one organization take turns at its event counter: several at once
    would measure how a driver retries, so they are made one after the other.
    """

    name: str
    title: str
    query: str
    mark: str
    is_change: bool = False
    connections: int | None = None


# The tallies of the dashboard change with a mutation, so it is measured before.
WORKLOADS = (
    Workload("small", "small query", SMALL, '"data":'),
    Workload("list", "100 alerts × 10 fields", LIST, '"nodes":'),
    Workload("nested", "50 alerts with account, finding, resource", NESTED, '"resource":'),
    Workload("dashboard", "dashboard of twelve numbers", DASHBOARD, '"costsUntil":', connections=16),
    Workload("mutation", "acknowledge an alert", ACKNOWLEDGE, '"ACKNOWLEDGED"', is_change=True, connections=1),
)


def global_id(kind: str, id: ObjectId) -> str:
    return base64.urlsafe_b64encode(f"{kind}:{id}".encode()).decode().rstrip("=")


def post(path: str, body: bytes, headers: Sequence[str] = ()) -> bytes:
    """A whole HTTP request with a JSON body."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        "Accept: application/json",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def ask(query: str, token: str | None, variables: dict[str, Any] | None = None) -> bytes:
    """A GraphQL request, with a bearer token where there is one."""
    body: dict[str, Any] = {"query": query} if variables is None else {"query": query, "variables": variables}
    headers = [] if token is None else [f"Authorization: Bearer {token}"]
    return post("/graphql", json.dumps(body).encode(), headers)


def requests(workload: Workload, peer: Peer, token: str, alert_ids: Sequence[ObjectId]) -> list[bytes]:
    """The requests of a workload for one server; changes get one for each alert."""
    if peer.has_routes:
        if workload.is_change:
            return [post(f"/acknowledge/{id}", b"") for id in alert_ids]
        return [f"GET /{workload.name} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()]
    sent = token if peer.is_signed_in else None
    if workload.is_change:
        return [ask(workload.query, sent, {"id": global_id("Alert", id)}) for id in alert_ids]
    return [ask(workload.query, sent)]


INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|\+00:00)")


DECIMAL = re.compile(r"-?\d+\.\d+")


def alike(value: Any) -> Any:
    """The same data in one spelling: instants to the millisecond, decimals without zeros at the end."""
    if isinstance(value, dict):
        return {name: alike(each) for name, each in value.items()}
    if isinstance(value, list):
        return [alike(each) for each in value]
    if isinstance(value, str) and (found := INSTANT.fullmatch(value)):
        return f"{found[1]}.{(found[2] or '').ljust(3, '0')[:3]}Z"
    if isinstance(value, str) and DECIMAL.fullmatch(value):
        return value.rstrip("0").rstrip(".")
    return value
