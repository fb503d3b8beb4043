"""What a newcomer does: start the demo, sign in, look, watch an alert arrive, stop, start again. Nothing is mocked."""

import asyncio
import os
import re
import signal
import socket as sockets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from app.demo.cloud_catalog import SUPPORT
from app.settings import Settings, environment_for_children
from tests.factories.few_rules import RULES
from tests.factories.graph import Graph, messages, socket, subscribe

ROOT = Path(__file__).parents[2]
PATIENCE = 240
SIGN_IN = (
    "mutation($input: SignInInput!) { signIn(input: $input) { ... on SignInSuccess { session { accessToken } } } }"
)
COSTS = """
query($input: CostsInput!) { costs(input: $input) { currency groups { values } total { columns { total } } } }
"""
NAMED = ", ".join(f'"{rule_id}"' for rule_id in RULES)
FINDINGS = f"{{ findings(first: 100, filter: {{ruleIds: [{NAMED}]}}) {{ totalCount nodes {{ ruleId state }} }} }}"
WATCHED = """{
  allocatedCosts(input: {first: "2020-01-01", until: "2040-01-01"}) { groups { label } }
  costAnomalies(first: 100) { nodes { serviceName } } budgets { nodes { name } }
  businessMetrics { nodes { name } } expiringCommitments(within: 90) { name } exchangeRates { nodes { toCurrency } }
}"""
FEED = "subscription { alertRaised { ... on AlertRaised { cursor alert { title } } } }"


def free_port() -> int:
    with sockets.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Demo:
    """A running `cloudwatcher demo`: what it has printed, and how to stop it."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.address = f"http://127.0.0.1:{port}"
        self.printed = ""

    async def until(self, text: str) -> None:
        """Read on until this was printed."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while text not in self.printed:
                line = await self.process.stdout.readline()
                assert line, self.printed
                self.printed += line.decode()

    async def stop(self, how: signal.Signals) -> int:
        """The exit code after a signal; every process it started is gone by then."""
        assert self.process.stdout is not None
        self.process.send_signal(how)
        async with asyncio.timeout(PATIENCE):
            self.printed += (await self.process.stdout.read()).decode()
            return await self.process.wait()


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[Demo]:
    port = free_port()
    env = environment_for_children(Settings())
    for name in ("MONGODB_URL", "REDIS_URL", "CLOUDWATCHER_PUBLIC_URL", "CLOUDWATCHER_DATA_DIR"):
        env.pop(name, None)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.cli.main", "demo"),
        *("--port", str(port), "--data-dir", str(folder / "data"), "--change-every", "2"),
        env={**env, "PYTHONUNBUFFERED": "1", "COLUMNS": "200"},
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    running = Demo(process, port)
    try:
        yield running
    finally:
        if process.returncode is None:
            await running.stop(signal.SIGTERM)


def left_behind(folder: Path) -> list[str]:
    """Command lines of processes that still name the demo's folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in line and str(os.getpid()) != entry.parent.name:
            found.append(line)
    return found


async def signed_in(running: Demo, graph: Graph) -> str:
    await running.until("Or watch alerts")
    password = re.search(r"admin@example\.com\s+(\S+)", running.printed)
    assert password is not None
    fields = {"email": "admin@example.com", "password": password.group(1)}
    token: str = (await graph.ask(SIGN_IN, input=fields))["signIn"]["session"]["accessToken"]
    return token


async def look(graph: Graph, token: str) -> dict[str, Any]:
    span = {"first": "2020-01-01", "until": "2040-01-01", "grain": "MONTH", "groupBy": [{"dimension": "PROVIDER"}]}
    return (await graph.ask(COSTS, token, input=span))["costs"]  # type: ignore[no-any-return]


async def watched(graph: Graph, token: str) -> dict[str, Any]:
    """Who owes what, what is odd and what was said of costs, once the work that follows a load is done."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await graph.ask(WATCHED, token)
            if len(found["allocatedCosts"]["groups"]) > 1 and found["costAnomalies"]["nodes"]:
                return found
            await asyncio.sleep(0.5)


async def broken_rules(graph: Graph, token: str) -> set[str]:
    """The rules that are broken, once the accounts are read; alerts of costs may come before."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = {finding["ruleId"] for finding in (await graph.ask(FINDINGS, token))["findings"]["nodes"]}
            if found >= set(RULES):
                return found
            await asyncio.sleep(0.5)


async def test_the_demo_shows_costs_findings_and_live_alerts_and_keeps_them(tmp_path: Path) -> None:
    async with demo(tmp_path) as running, Graph.connected(running.address) as graph:
        token = await signed_in(running, graph)
        costs = await look(graph, token)
        async with socket(running.address, token) as live, asyncio.timeout(PATIENCE):
            await subscribe(live, FEED)
            alert = (await anext(messages(live)))["payload"]["data"]["alertRaised"]["alert"]["title"]
        rules = await broken_rules(graph, token)
        seen = await watched(graph, token)
        passwords = re.findall(r"\S+@example\.com +\S+", running.printed)
        code = await running.stop(signal.SIGINT)

    assert code == 0
    assert left_behind(tmp_path) == []
    assert alert
    assert {tuple(group["values"]) for group in costs["groups"]} == {("AWS",), ("Microsoft",), ("Google Cloud",)}
    assert rules == set(RULES)
    assert {group["label"] for group in seen["allocatedCosts"]["groups"]} == {"platform", "web", "data", None}
    odd = {anomaly["serviceName"] for anomaly in seen["costAnomalies"]["nodes"]}
    assert {"Amazon Bedrock", "Amazon Virtual Private Cloud"} <= odd, "the incidents of the last days"
    assert SUPPORT not in odd, "it comes on the first of every month"
    assert {budget["name"] for budget in seen["budgets"]["nodes"]} == {"Everything", "Azure usage"}
    assert [metric["name"] for metric in seen["businessMetrics"]["nodes"]] == ["Orders"]
    assert [end["name"] for end in seen["expiringCommitments"]] == ["Compute commitment"]
    assert [rate["toCurrency"] for rate in seen["exchangeRates"]["nodes"]] == ["EUR"]

    async with demo(tmp_path) as again, Graph.connected(again.address) as graph:
        token = await signed_in(again, graph)
        kept = await look(graph, token)
        still = (await graph.ask(FINDINGS, token))["findings"]["totalCount"]
        code = await again.stop(signal.SIGTERM)

    assert code == 0
    assert left_behind(tmp_path) == []
    assert kept == costs
    assert still >= len(rules)
    assert re.findall(r"\S+@example\.com +\S+", again.printed) == passwords


async def test_a_port_that_is_taken_is_said_before_anything_starts(tmp_path: Path) -> None:
    with sockets.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.cli.main", "up"),
            *("--port", str(holder.getsockname()[1]), "--data-dir", str(tmp_path / "data")),
            env=environment_for_children(Settings()),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate()

    assert process.returncode == 1
    assert b"choose another by --port" in printed
    assert not (tmp_path / "data").exists()
