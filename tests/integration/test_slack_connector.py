"""Slack, read from its own description by Prism, and from a scripted server: it says no with a good status."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.systems.slack import registration
from domain.errors import CredentialsRejected, Misshapen
from domain.facts.credentials import SlackCredentials
from domain.facts.inventory import GapCause
from domain.facts.resource import ResourceKind
from tests.fakes.collecting import survey
from tests.fakes.node import NoPeer
from tests.fakes.peers import slack as peers
from tests.fakes.prism import prism, refused_requests
from tests.fakes.scripted import Answered, Asked, scripted

REGISTRATION = registration.REGISTRATION

TEAM = {"ok": True, "team_id": "T1", "team": "Example", "user": "cloudwatcher"}
LOGS = "team.integrationLogs"


def credentials(url: str) -> SlackCredentials:
    return SlackCredentials(token=SecretStr("xoxb-1"), endpoint_url=url)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prism") / "log"


@pytest.fixture(scope="module")
def peer(shared: Path, log: Path) -> Iterator[str]:
    try:
        with prism(shared / "specs" / "slack.json", log) as url:
            yield url
    except NoPeer as missing:
        pytest.skip(f"needs Prism: {missing}")


async def test_the_survey_breaks_no_contract_and_parses_everything(peer: str, log: Path) -> None:
    described = [one for one in REGISTRATION.listings if one.operation.name != LOGS]

    collected, report = await survey(REGISTRATION, credentials(peer), described)

    assert refused_requests(log) == []
    # The examples give one cursor again and again.
    assert {(gap.operation, gap.cause) for gap in report.gaps} == {
        ("users.list", GapCause.CUT_SHORT),
        ("conversations.list", GapCause.CUT_SHORT),
    }
    by_prism = {name for name, peer in peers.PEERS.items() if peer.startswith("Prism")}
    assert by_prism <= set(report.answered) | {REGISTRATION.identity_operation.name}
    assert {one.kind for one in collected.found} == {kind for one in described for kind in one.kinds}
    assert set(peers.PEERS) | set(peers.NOT_EXERCISED) == {one.name for one in REGISTRATION.operations}


def script(asked: Asked) -> Answered:
    method = asked.path.removeprefix("/")
    if method == "users.list":
        return users(asked)
    if method == "conversations.list":
        channels = [{"id": "C1", "name": "alerts", "is_member": True}, {"id": "C2", "name": "x", "is_member": False}]
        return Answered({"ok": True, "channels": channels})
    if method == LOGS:
        page = int(asked.query.get("page", ["1"])[0])
        return Answered({"ok": True, "logs": [{"app_id": f"A{page}"}], "paging": {"page": page, "pages": 3}})
    answers: dict[str, Any] = {
        "auth.test": TEAM,
        "team.info": {"ok": True, "team": {"id": "T1", "name": "Example"}},
        "conversations.info": {"ok": True, "channel": {"id": "C1", "is_archived": False}},
    }
    return Answered(answers[method])


def users(asked: Asked) -> Answered:
    if asked.query.get("cursor") == ["c2"]:
        return Answered({"ok": True, "members": [{"id": "U2", "name": "b"}], "response_metadata": {"next_cursor": ""}})
    profile = {"email": "a@example.com", "phone": "+49 30 000", "image_24": "https://example.com/a.png"}
    member = {"id": "U1", "name": "a", "has_2fa": True, "profile": profile}
    return Answered({"ok": True, "members": [member], "response_metadata": {"next_cursor": "c2"}})


async def test_all_pages_are_read_by_cursor_and_by_number() -> None:
    with scripted(script) as slack:
        collected, report = await survey(REGISTRATION, credentials(slack.url))

    assert report.gaps == ()
    assert [one.native_id for one in collected.of(ResourceKind.SLACK_USER)] == ["U1", "U2"]
    assert report.answered[LOGS] == 3
    # Only the channel CloudWatcher is in is looked at more closely.
    assert report.answered["conversations.info"] == 1
    assert set(report.answered) | {REGISTRATION.identity_operation.name} == set(peers.PEERS)
    assert {one.headers["authorization"] for one in slack.asked} == {"Bearer xoxb-1"}


async def test_telephone_numbers_and_pictures_are_not_kept() -> None:
    with scripted(script) as slack:
        collected, _ = await survey(REGISTRATION, credentials(slack.url))

    kept = str(collected.answers) + str(collected.found)
    assert "a@example.com" in kept
    assert "+49 30 000" not in kept
    assert "a.png" not in kept


@pytest.mark.parametrize(
    ("answered", "cause", "missing"),
    [
        (Answered({"ok": False, "error": "missing_scope", "needed": "admin"}), GapCause.PERMISSION, "admin"),
        (Answered({"ok": False, "error": "not_admin"}), GapCause.PERMISSION, "admin"),
        (Answered({"ok": False, "error": "paid_only"}), GapCause.PLAN, "a paid plan of Slack"),
        (Answered({"ok": False, "error": "ratelimited"}, headers={"Retry-After": "600"}), GapCause.THROTTLED, None),
        (Answered({"ok": False}, 429, {"Retry-After": "600"}), GapCause.THROTTLED, None),
        (Answered({"ok": False, "error": "internal_error"}), GapCause.UNAVAILABLE, None),
        (Answered({"ok": False, "error": "something_new"}), GapCause.FAILED, None),
        (Answered({"ok": False, "error": "token_revoked"}), GapCause.FAILED, None),
        (Answered([]), GapCause.MISSHAPEN, None),
        (Answered({"ok": True, "logs": "none"}), GapCause.MISSHAPEN, None),
    ],
)
async def test_a_refusal_with_a_good_status_is_a_gap(answered: Answered, cause: GapCause, missing: str | None) -> None:
    def refusing(asked: Asked) -> Answered:
        return answered if asked.path == f"/{LOGS}" else script(asked)

    logs = [one for one in REGISTRATION.listings if one.operation.name == LOGS]
    with scripted(refusing) as slack:
        _, report = await survey(REGISTRATION, credentials(slack.url), logs)

    (gap,) = report.gaps
    assert (gap.cause, gap.missing) == (cause, missing)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"ok": False, "error": "invalid_auth"}, CredentialsRejected),
        ({"ok": True}, Misshapen),
        ("<html>Welcome</html>", Misshapen),
    ],
)
async def test_a_workspace_that_does_not_know_us_is_not_entered(body: Any, error: type[Exception]) -> None:
    with scripted(lambda _: Answered(body)) as slack, pytest.raises(error):
        await survey(REGISTRATION, credentials(slack.url), [])
