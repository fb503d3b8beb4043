"""The guides as a newcomer follows them: their blocks are pasted into a shell, against an installation of its own."""

import asyncio
import os
import re
from pathlib import Path

import pytest

import documents
from app.embedded.server import free_port
from app.web import Web, serving
from app.wiring import Backend
from documents.user import find_user
from domain.facts.intake import IntakeWay
from tests.factories.event_endpoint import make_endpoint, path_of
from tests.factories.tenant import make_tenant
from tests.fakes.genuine import SECRET

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


async def pasted(backend: Backend, page: str, **variables: str) -> str:
    """What the blocks of the page print, one after the other in one shell with these variables."""
    async with serving(Web(backend), port=free_port()) as address:
        script = "\n".join(BLOCK.findall((ROOT / page).read_text())).replace("http://127.0.0.1:8000", address)
        script = script.replace("MAILBOX=.data", f"MAILBOX={backend.settings.data_dir}")
        known = {name: value.replace("http://127.0.0.1:8000", address) for name, value in variables.items()}
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euc", script),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **known},
        )
        printed, _ = await process.communicate()
    said = printed.decode()
    assert process.returncode == 0, said
    assert '"errors"' not in said
    return said


@pytest.mark.usefixtures("worker")
async def test_the_first_account_of_the_readme_is_opened_as_it_is_pasted(backend: Backend) -> None:
    said = await pasted(backend, "README.md")

    assert '"__typename":"RegisterSuccess"' in said
    assert '"__typename":"VerifyEmailSuccess"' in said
    user = await find_user("you@example.com")
    assert user is not None
    memberships = await documents.Membership.get_pymongo_collection().find({"user_id": user.id}).to_list()
    assert [one["role"] for one in memberships] == ["ADMIN"]


@pytest.mark.usefixtures("worker")
async def test_the_guide_about_accounts_runs_as_it_is_pasted(backend: Backend) -> None:
    said = await pasted(backend, "docs/guides/sign-in-and-accounts.md")

    assert [
        word for word in ("sentTo", "Kim and Co", "Kim Lee", "resetPassword", "confirmEmailChange") if word not in said
    ] == []
    assert "You are the last administrator of Kim and Co" in said
    moved = re.search(r'"confirmEmailChange":\{"email":"([^"]+)"', said)
    assert moved is not None
    assert await find_user(moved.group(1)) is not None


async def test_the_events_of_the_guide_are_taken_as_they_are_pasted(backend: Backend) -> None:
    tenant, places = await make_tenant(backend), {}
    for way, name, settings in (
        (IntakeWay.GITHUB_WEBHOOK, "ADDRESS", {}),
        (IntakeWay.OKTA_EVENT_HOOK, "OKTA_ADDRESS", {}),
        (IntakeWay.JIRA_WEBHOOK, "JIRA_ADDRESS", {}),
        (IntakeWay.SLACK_INTERACTION, "SLACK_ADDRESS", {"team_id": "T0123ABCD"}),
    ):
        endpoint = await make_endpoint(backend, tenant, way, settings=settings)
        places[name] = f"http://127.0.0.1:8000{path_of(endpoint)}"

    said = await pasted(backend, "docs/guides/receive-events.md", SECRET=SECRET, **places)
    forged = await pasted(backend, "docs/guides/receive-events.md", SECRET="guessed", **places)

    assert said.split("\n")[:4] == ["github: 202", "okta: 200", "jira: 200", "slack: 200"]
    assert forged.split("\n")[:4] == ["github: 401", "okta: 200", "jira: 401", "slack: 401"]
