"""What the tests of the embedded servers share: who is alive, and what the servers know."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from redis import Redis

from app.embedded.servers import ServerUrls

PATIENCE_SECONDS = 90
Mongo = MongoClient[dict[str, Any]]


def alive_in(folder: Path, *names: str) -> list[str]:
    """Command lines of living processes that were started on this folder, guards included."""
    listing = subprocess.run(["ps", "-ww", "-eo", "stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = [row.split(maxsplit=1) for row in listing.splitlines() if f"{folder}/" in row]
    return [args for state, args in rows if not state.startswith("Z") and all(name in args for name in names)]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def mongo_client(urls: ServerUrls) -> Mongo:
    return MongoClient(urls.mongodb_url, serverSelectionTimeoutMS=2000)


def redis_client(urls: ServerUrls) -> Redis:
    assert urls.redis_url is not None
    return Redis.from_url(urls.redis_url, decode_responses=True)


def leave_note(urls: ServerUrls, text: str) -> None:
    with mongo_client(urls) as mongo, redis_client(urls) as redis:
        mongo.notes.notes.insert_one({"text": text})
        redis.rpush("notes", text)


def notes(urls: ServerUrls) -> tuple[list[str], list[str]]:
    """What both servers still know."""
    with mongo_client(urls) as mongo, redis_client(urls) as redis:
        stored = [note["text"] for note in mongo.notes.notes.find().sort("_id")]
        remembered: Any = redis.lrange("notes", 0, -1)
        return stored, remembered


def port_of(url: str | None) -> int:
    assert url is not None
    return int(url.rsplit(":", 1)[1].split("/")[0])
