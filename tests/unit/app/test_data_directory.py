"""The files of the embedded servers: who may read them, and what becomes of their locks."""

import multiprocessing
import stat
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.embedded.directory import LOG_BYTES, DataDirectory, FileLock, ServerRecord


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path / "data")
    directory.prepare(["mongodb", "redis"])
    return directory


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_may_read_the_data(directory: DataDirectory) -> None:
    directory.write_records({"redis": ServerRecord(6400, 17, datetime.now(UTC))})

    folders = [path for path in (directory.root, *directory.root.iterdir()) if path.is_dir()]
    files = [path for path in directory.root.iterdir() if path.is_file()]

    assert {mode_of(path) for path in folders} == {0o700}
    assert {mode_of(path) for path in files} == {0o600}
    assert len(folders) == 4
    assert len(files) == 2


def test_directory_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    DataDirectory(tmp_path).prepare(["redis"])

    assert mode_of(tmp_path) == 0o755


def test_password_stays_the_same_and_is_long(directory: DataDirectory) -> None:
    before = directory.secret()

    directory.prepare(["mongodb", "redis"])

    assert directory.secret() == before
    assert len(bytes.fromhex(before)) == 32


def test_records_come_back_as_written(directory: DataDirectory) -> None:
    records = {
        "mongodb": ServerRecord(27018, 4711, datetime(2026, 11, 22, 12, 0, tzinfo=UTC)),
        "redis": ServerRecord(6400, None, datetime(2026, 11, 22, 12, 1, tzinfo=UTC)),
    }

    directory.write_records(records)

    assert directory.records() == records


@pytest.mark.parametrize(
    "damaged", ["", "[]", "{", '{"redis": 5}', '{"redis": {"port": "x", "pid": 1, "started_at": ""}}']
)
def test_damaged_record_counts_as_none(directory: DataDirectory, damaged: str) -> None:
    (directory.root / "servers.json").write_text(damaged)

    assert directory.records() == {}


def test_large_log_is_put_aside_and_a_small_one_kept(directory: DataDirectory) -> None:
    large, small = directory.logs / "mongodb.log", directory.logs / "redis.log"
    large.write_bytes(b"x" * (LOG_BYTES + 1))
    small.write_bytes(b"x")

    directory.log_file("mongodb")
    directory.log_file("redis")

    assert not large.exists()
    assert (directory.logs / "mongodb.log.1").stat().st_size == LOG_BYTES + 1
    assert small.exists()


def test_lock_is_refused_while_held_and_free_afterwards(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.acquire()

    while_held = second.acquire()
    first.release()
    afterwards = second.acquire()

    second.release()
    assert (while_held, afterwards) == (False, True)


def test_sharers_keep_out_one_who_wants_it_alone(tmp_path: Path) -> None:
    locks = [FileLock(tmp_path / "lock") for _ in range(3)]

    shared = [lock.acquire(shared=True) for lock in locks[:2]]
    alone = locks[2].acquire()

    for lock in locks:
        lock.release()
    assert (shared, alone) == ([True, True], False)


def test_looking_at_a_lock_creates_nothing(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")

    assert not lock.is_held()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")  # what is tested here is just that
def test_forked_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    lock.acquire()
    child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(120,))
    child.start()

    lock.release()
    probe = FileLock(tmp_path / "lock")
    is_free = probe.acquire(within=timedelta(seconds=30))  # the child needs a moment to get going

    is_child_alive = child.is_alive()
    child.kill()
    child.join()
    probe.release()
    assert is_free
    assert is_child_alive
