"""Jira, read from its own description by Prism, and from a scripted server where paging and change logs count."""

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.systems.jira import registration
from domain.errors import CredentialsRejected, Misshapen
from domain.facts.credentials import JiraCredentials
from domain.facts.inventory import GapCause
from domain.facts.resource import ResourceKind
from tests.fakes.collecting import NOW, Collected, survey
from tests.fakes.node import NoPeer
from tests.fakes.peers import jira as peers
from tests.fakes.prism import prism, refused_requests
from tests.fakes.scripted import Answered, Asked, scripted

REGISTRATION = registration.REGISTRATION

ME = {"accountId": "a1", "displayName": "Robot"}


def credentials(url: str) -> JiraCredentials:
    return JiraCredentials(site_url=url, email="robot@example.com", token=SecretStr("t0"))


def issue(key: str, *labels: str) -> dict[str, Any]:
    reporter = {"accountId": "a2", "displayName": "Asker", "emailAddress": "asker@example.com"}
    return {"id": key[-1], "key": key, "fields": {"summary": f"Issue {key}", "labels": labels, "reporter": reporter}}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prism") / "log"


@pytest.fixture(scope="module")
def peer(shared: Path, log: Path) -> Iterator[str]:
    try:
        with prism(shared / "specs" / "jira.json", log) as url:
            yield url
    except NoPeer as missing:
        pytest.skip(f"needs Prism: {missing}")


async def test_the_whole_survey_breaks_no_contract_and_parses_everything(peer: str, log: Path) -> None:
    collected, report = await survey(REGISTRATION, credentials(peer))

    assert refused_requests(log) == []
    # The example of a page of projects says that there is another, and is the same again.
    assert [(gap.operation, gap.cause) for gap in report.gaps] == [
        ("GET /rest/api/3/project/search", GapCause.CUT_SHORT)
    ]
    by_prism = {name for name, peer in peers.PEERS.items() if peer.startswith("Prism")}
    assert set(report.answered) | {REGISTRATION.identity_operation.name} == by_prism
    assert {one.kind for one in collected.found} == {ResourceKind.JIRA_PROJECT, ResourceKind.JIRA_ISSUE}
    assert set(peers.PEERS) | set(peers.NOT_EXERCISED) == {one.name for one in REGISTRATION.operations}


def script(asked: Asked) -> Answered:
    if asked.path.endswith("/myself"):
        return Answered(ME)
    if asked.path.endswith("/project/search"):
        start = int(asked.query.get("startAt", ["0"])[0])
        page = {"startAt": start, "isLast": start == 2, "values": [{"key": f"P{start}"}, {"key": f"P{start + 1}"}]}
        return Answered(page)
    if asked.path.endswith("/search/jql"):
        if "nextPageToken" not in asked.json:
            return Answered({"issues": [issue("OPS-1", "incident")], "nextPageToken": "t2"})
        return Answered({"issues": [issue("OPS-2")]})
    return Answered({"startAt": 0, "isLast": True, "values": [{"created": "2026-11-01", "items": []}]})


async def test_all_pages_are_read_and_labelled_issues_come_with_their_course() -> None:
    with scripted(script) as jira:
        collected, report = await survey(REGISTRATION, credentials(jira.url))

    assert [one.native_id for one in collected.of(ResourceKind.JIRA_PROJECT)] == ["P0", "P1", "P2", "P3"]
    first, second = collected.of(ResourceKind.JIRA_ISSUE)
    assert (first.native_id, first.config["changelog"]) == ("OPS-1", [{"created": "2026-11-01", "items": []}])
    assert (second.native_id, "changelog" in second.config) == ("OPS-2", False)
    assert report.gaps == ()
    assert b64decode(jira.asked[0].headers["authorization"].removeprefix("Basic ")) == b"robot@example.com:t0"


async def test_addresses_of_people_are_not_kept() -> None:
    with scripted(script) as jira:
        collected, _ = await survey(REGISTRATION, credentials(jira.url))

    assert "asker@example.com" not in str(collected.answers) + str(collected.found)
    assert collected.of(ResourceKind.JIRA_ISSUE)[0].config["fields"]["reporter"] == {
        "accountId": "a2",
        "displayName": "Asker",
    }


async def test_issues_that_did_not_move_are_not_taken_for_gone() -> None:
    collected = Collected()
    with scripted(script) as jira:
        _, report = await survey(REGISTRATION, credentials(jira.url), into=collected)
        collected.started = dict.fromkeys(collected.parts, NOW)
        await survey(REGISTRATION, credentials(jira.url), into=collected)

    assert report.complete == {(ResourceKind.JIRA_PROJECT, None)}
    asked = [one.json["jql"] for one in jira.asked if one.path.endswith("/search/jql")]
    assert asked[0] == 'updated >= "2026-08-28 12:00" OR labels = risk ORDER BY updated ASC'
    assert asked[-1] == 'updated >= "2026-11-25 21:00" OR labels = risk ORDER BY updated ASC'


@pytest.mark.parametrize(
    ("answered", "error"),
    [(Answered("Unauthorized", 401), CredentialsRejected), (Answered({"a": 1}), Misshapen), (Answered([]), Misshapen)],
)
async def test_a_site_that_does_not_know_us_is_not_entered(answered: Answered, error: type[Exception]) -> None:
    with scripted(lambda _: answered) as jira, pytest.raises(error):
        await survey(REGISTRATION, credentials(jira.url), [])


async def test_a_search_that_is_refused_is_a_gap_and_not_an_empty_list() -> None:
    def refusing(asked: Asked) -> Answered:
        return Answered({"errorMessages": ["no"]}, 403) if asked.method == "POST" else script(asked)

    with scripted(refusing) as jira:
        _, report = await survey(REGISTRATION, credentials(jira.url))

    (gap,) = report.gaps
    assert (gap.cause, gap.missing, gap.unlisted) == (
        GapCause.PERMISSION,
        "read:jira-work",
        (ResourceKind.JIRA_ISSUE,),
    )
