"""`cloudwatcher demo`: everything `up` starts, plus a stand-in AWS account that keeps changing and is kept in sync."""

import asyncio
import sys
from datetime import UTC, date, datetime, timedelta

import httpx2
from pydantic import SecretStr

from app.cli.client import GraphClient
from app.cli.up import run_processes, until_answering
from app.demo import words
from app.demo.aws_access import demo_credentials
from app.demo.compliance_setup import set_up_compliance
from app.demo.cost_setup import set_up_costs
from app.demo.state import USERS, DemoState
from app.processes.supervisor import Child, Supervisor
from app.settings import Settings, environment_for_children
from domain.errors import CloudWatcherError

ACCOUNT_NAME = "Stand-in AWS account"
ADMIN = USERS[1]
# At a first start the stand-in account is being built while the bills are forecast.
PATIENCE = 90


def run_demo(settings: Settings, change_every: float) -> int:
    """Runs until stopped; returns the exit code."""
    # Tokens that outlast a look around; the demo listens on loopback and holds made-up data only.
    settings = settings.model_copy(update={"access_token_lifetime": timedelta(hours=12)})
    state = DemoState.load(settings.data_dir)

    def account(running: Settings) -> list[Child]:
        # Behind web and worker, which somebody waits for.
        command = ["nice", "-n", "15", sys.executable, "-m", "app.demo.moto_account", "--port", str(state.port)]
        command += ["--data-dir", str(settings.data_dir / "demo"), "--interval", str(change_every)]
        return [Child("aws", command, environment_for_children(running))]

    async def greet(running: Settings, supervisor: Supervisor) -> None:
        graph = GraphClient(f"http://127.0.0.1:{running.port}", PATIENCE)
        token = await graph.sign_in(ADMIN.email, SecretStr(state.passwords[ADMIN.email]))
        account_id = await connected(graph, state, token)
        await set_up_compliance(graph, token)
        await set_up_costs(graph, token, today())
        people = [(user, state.passwords[user.email]) for user in USERS]
        for text in words.greeting(running.public_url, people, today()):
            supervisor.show(text)
        await keep_in_sync(graph, state, account_id, change_every)

    async def prepare(running: Settings) -> None:
        if state.bills_until == today().isoformat():
            return
        # In a process of its own, because this one stays and what a load needs of memory would stay with it.
        seeding = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.demo.seed", env=environment_for_children(running)
        )
        if await seeding.wait() != 0:
            raise CloudWatcherError("The demo's data could not be loaded; the lines above say why.")

    return run_processes(settings, extra=account, greet=greet, prepare=prepare)


def today() -> date:
    """The day in UTC, which is the day of the bills."""
    return datetime.now(UTC).date()


async def connected(graph: GraphClient, state: DemoState, token: str) -> str:
    """The global id of the stand-in account, connected when it is not yet. Raises CloudWatcherError."""
    accounts = (await graph.ask(words.ACCOUNTS, {}, token))["accounts"]["nodes"]
    for account in accounts:
        if account["name"] == ACCOUNT_NAME:
            found: str = account["id"]
            return found
    await until_answering(f"http://127.0.0.1:{state.port}/moto-api/", "The stand-in AWS account")
    credentials = demo_credentials(f"http://127.0.0.1:{state.port}").revealed()
    key = {"accessKeyId": credentials["access_key_id"], "secretAccessKey": credentials["secret_access_key"]}
    fields = {
        "name": ACCOUNT_NAME,
        "access": {
            "aws": {"key": key, "regions": credentials["regions"], "endpointUrl": credentials["endpoint_url"]},
        },
        "idempotencyKey": "demo-stand-in-account",
    }
    answer = (await graph.ask(words.CONNECT, {"input": fields}, token))["connectAccount"]
    if "account" not in answer:
        raise CloudWatcherError(f"The stand-in account could not be connected: {answer['message']}")
    made: str = answer["account"]["id"]
    return made


async def keep_in_sync(graph: GraphClient, state: DemoState, account_id: str, change_every: float) -> None:
    """Ask for a sync after every change, for as long as the demo runs."""
    while True:
        try:
            token = await graph.sign_in(ADMIN.email, SecretStr(state.passwords[ADMIN.email]))
            for _ in range(100):
                await asyncio.sleep(change_every)
                await graph.ask(words.SYNC, {"input": {"accountId": account_id}}, token)
        except (httpx2.HTTPError, CloudWatcherError, ValueError):
            await asyncio.sleep(change_every)  # the web process is being started again; its lines say so
