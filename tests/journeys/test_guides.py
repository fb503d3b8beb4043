"""The guides as a newcomer follows them: their blocks are pasted into a shell, against an installation of its own."""

import asyncio
import re
from pathlib import Path

import pytest

import documents
from app.embedded.server import free_port
from app.web import Web, serving
from app.wiring import Backend
from documents.user import find_user

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


async def pasted(backend: Backend, page: str) -> str:
    """What the blocks of the page print, one after the other in one shell."""
    async with serving(Web(backend), port=free_port()) as address:
        script = "\n".join(BLOCK.findall((ROOT / page).read_text())).replace("http://127.0.0.1:8000", address)
        script = script.replace("MAILBOX=.data", f"MAILBOX={backend.settings.data_dir}")
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euc", script), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
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
