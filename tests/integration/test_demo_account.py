"""The stand-in AWS account: full of faults, the same after every restart, and never seen half changed."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from moto.moto_api._internal import moto_api_backend

from app.demo.aws_access import demo_credentials
from app.demo.aws_account import DemoAccount
from app.demo.aws_trickle import CYCLE, OPEN_AT_ONCE
from app.demo.moto_account import MotoAccount
from domain.facts.inventory import InventorySnapshot
from domain.findings import FindingKey
from domain.rules.judgement import Verdict, judge_inventory
from domain.rules.registry import all_rules
from domain.rules.rule import RuleContext
from tests.factories.few_rules import RULES
from tests.fakes.aws import take_inventory

STARTED = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Served = tuple[str, Callable[[datetime], str]]
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Served]:
    """The account as it is built, alone in the moto of this process: its address, and what makes the next step."""
    moto_api_backend.reset()
    with MotoAccount(tmp_path, STARTED).served(0) as served:
        yield served
    moto_api_backend.reset()


def firing(snapshot: InventorySnapshot) -> set[FindingKey]:
    judged = judge_inventory(all_rules(), snapshot, RuleContext(now=STARTED))
    fired = [one for one in judged.judgements if one.verdict is Verdict.FIRES]
    return {FindingKey("demo", one.rule.id, one.resource.native_id) for one in fired}


def by_id(snapshot: InventorySnapshot) -> dict[str, dict]:
    return {one.native_id: one.model_dump() for one in snapshot.resources}


def is_running(pid: int) -> bool:
    """False for a process that is gone or only waits to be collected."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


@contextmanager
def demo_process(data_dir: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "app.demo.moto_account", "--port", "0", "--data-dir", str(data_dir), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def address_of(process: subprocess.Popen[str]) -> str:
    found = ADDRESS.search(process.stdout.readline())
    assert found
    return found.group()


async def test_its_faults_are_found_and_building_again_changes_nothing(account: Served):
    address, _ = account

    snapshot = await take_inventory(demo_credentials(address))
    DemoAccount(address, STARTED + timedelta(days=1)).build()
    again = await take_inventory(demo_credentials(address))

    assert snapshot.incomplete == ()
    assert {key.rule_id for key in firing(snapshot)} >= set(RULES)
    assert 60 <= len(snapshot.resources) <= 200
    assert again == snapshot


async def test_steps_open_findings_and_a_whole_cycle_leaves_the_account_as_it_was(account: Served):
    address, step = account

    built = await take_inventory(demo_credentials(address))
    first = [step(STARTED + timedelta(seconds=20 * number)) for number in range(OPEN_AT_ONCE)]
    broken = await take_inventory(demo_credentials(address))
    for number in range(OPEN_AT_ONCE, CYCLE):
        step(STARTED + timedelta(seconds=20 * number))
    mended = await take_inventory(demo_credentials(address))

    assert len(set(first)) == OPEN_AT_ONCE
    assert firing(broken) > firing(built)
    assert len(firing(broken) - firing(built)) >= OPEN_AT_ONCE
    assert by_id(mended) == by_id(built)


async def test_restart_in_a_new_process_shows_the_same_account(account: Served, tmp_path: Path):
    address, step = account
    for number in range(CYCLE + 5):
        step(STARTED + timedelta(seconds=20 * number))

    before = await take_inventory(demo_credentials(address))
    with demo_process(tmp_path, "--interval", "3600") as process:
        after = await take_inventory(demo_credentials(address_of(process)))

    assert by_id(after) == by_id(before)


def test_process_tells_of_each_change_and_goes_on_counting_after_a_kill(tmp_path: Path):
    with demo_process(tmp_path, "--interval", "0.1") as process:
        address_of(process)
        first_run = [process.stdout.readline() for _ in range(3)]
        process.kill()
        first_run += process.communicate()[0].splitlines()

    with demo_process(tmp_path, "--interval", "0.1") as process:
        address_of(process)
        next_line = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    assert all(": " in line for line in first_run)
    assert next_line.strip() not in {line.strip() for line in first_run}
    assert process.returncode == 0


def test_process_ends_with_the_one_that_started_it(tmp_path: Path):
    start = (
        "import subprocess, sys;"
        "child = subprocess.Popen([sys.executable, '-m', 'app.demo.moto_account', '--port', '0',"
        f" '--data-dir', {str(tmp_path)!r}, '--interval', '3600', '--with-parent'], stdout=subprocess.PIPE);"
        "child.stdout.readline(); print(child.pid, flush=True); sys.stdin.readline()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.kill()

    assert wait_until(lambda: not is_running(child))
