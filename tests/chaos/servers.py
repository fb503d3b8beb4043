"""Three MongoDB servers that are one replica set, to be broken."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from app.embedded.binary import MONGOD, find_program
from tests.integration.live_redis import free_port

NAME = "chaos"
READY_WITHIN = 60
# Elections of the default settings take ten seconds each; what is tried here is not how long MongoDB waits.
QUICK_ELECTIONS = {"electionTimeoutMillis": 2000, "heartbeatIntervalMillis": 500}


class ReplicaSet:
    """`url` names all three members."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = [free_port() for _ in range(3)]
        self._processes: list[subprocess.Popen[bytes]] = []
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._ports)
        self.url = f"mongodb://{hosts}/?replicaSet={NAME}"

    def start(self) -> None:
        for port in self._ports:
            place = self._folder / str(port)
            place.mkdir(parents=True)
            options = {
                "--replSet": NAME,
                "--bind_ip": "127.0.0.1",
                "--port": str(port),
                "--dbpath": str(place),
                "--logpath": str(place / "log"),
                "--wiredTigerCacheSizeGB": "0.25",
                "--oplogSize": "512",
                "--networkMessageCompressors": "disabled",
                "--setParameter": "diagnosticDataCollectionEnabled=false",
            }
            command = [str(find_program(MONGOD)), *(part for pair in options.items() for part in pair)]
            self._processes.append(subprocess.Popen([*command, "--nounixsocket"], stdout=subprocess.DEVNULL))
        self._initiate()

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    async def step_down(self) -> None:
        """Have the primary hand over; it may not come back for ten seconds."""
        await asyncio.to_thread(self._step_down)

    def _step_down(self) -> None:
        client = MongoClient[dict[str, Any]](self.url, serverSelectionTimeoutMS=15_000)
        # A primary that steps down may hang up on everybody, whoever asked included.
        with client, suppress(PyMongoError):
            client.admin.command("replSetStepDown", 10, secondaryCatchUpPeriodSecs=5)

    def _initiate(self) -> None:
        members = [{"_id": number, "host": f"127.0.0.1:{port}"} for number, port in enumerate(self._ports)]
        deadline = time.monotonic() + READY_WITHIN
        with MongoClient[dict[str, Any]]("127.0.0.1", self._ports[0], directConnection=True) as client:
            client.admin.command("replSetInitiate", {"_id": NAME, "members": members, "settings": QUICK_ELECTIONS})
            while not client.admin.command("hello")["isWritablePrimary"]:
                assert time.monotonic() < deadline, "the replica set elects nobody"
                time.sleep(0.1)


@contextmanager
def replica_set(folder: Path) -> Iterator[ReplicaSet]:
    """A fresh one, gone afterwards."""
    made = ReplicaSet(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()
