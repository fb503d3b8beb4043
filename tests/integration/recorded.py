"""Records what is asked of MongoDB, so that a test can count it or have it explained."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from app.wiring import Backend
from documents.base import ORGS_AT_ONCE
from documents.database import connect, migrate, open_database

# What reads, or finds what it changes. Inserts look nothing up.
EXPLAINED = {"find", "aggregate", "count", "distinct", "findAndModify", "update", "delete"}
HANDFUL = 20
# What each of them is told, without session, transaction and concerns, which explain does not take.
_KEPT = {
    *("find", "filter", "sort", "limit", "batchSize", "singleBatch", "projection", "hint"),
    *("aggregate", "pipeline", "cursor", "allowDiskUse"),
    *("count", "distinct", "query", "key"),
    *("findAndModify", "update", "remove", "new", "upsert", "fields"),
}


class Commands(CommandListener):
    """Records while `recording` is entered."""

    def __init__(self) -> None:
        self._seen: list[dict[str, Any]] | None = None

    @contextmanager
    def recording(self) -> Iterator[list[dict[str, Any]]]:
        """The commands of the block, as they were sent."""
        self._seen = seen = []
        try:
            yield seen
        finally:
            self._seen = None

    def started(self, event: CommandStartedEvent) -> None:
        if self._seen is not None and event.command_name in EXPLAINED:
            self._seen.append(dict(event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to do."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to do."""


@asynccontextmanager
async def recorded(backend: Backend, database: str) -> AsyncIterator[tuple[AsyncDatabase[dict[str, Any]], Commands]]:
    """Binds the documents to a database of its own and a client whose commands are recorded, and then back."""
    url = backend.settings.mongodb_url
    assert url is not None
    commands = Commands()
    client = connect(url.get_secret_value(), listeners=[commands])
    try:
        await migrate(client, database)
        yield client[database], commands
    finally:
        await client.drop_database(database)
        await client.close()
        await open_database(backend.client, backend.settings.mongodb_database)


def single(command: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The command in the form explain takes it: one update or delete at a time."""
    name = next(iter(command))
    if name in ("update", "delete"):
        return [{name: command[name], f"{name}s": [one]} for one in command[f"{name}s"]]
    return [{key: value for key, value in command.items() if key in _KEPT}]


async def explained(database: AsyncDatabase[dict[str, Any]], command: Mapping[str, Any]) -> list["Plan"]:
    """How MongoDB runs the command."""
    answers = [await database.command("explain", one, verbosity="executionStats") for one in single(command)]
    return [Plan(command, answer) for answer in answers]


class Plan:
    """An explained command: its stages, and what they looked at."""

    def __init__(self, command: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        self.command = command
        self.collection = command[next(iter(command))]
        self.stages = [stage["stage"] for stage in _stages(answer)]
        self.sorted = sum(stage["inputStage"]["nReturned"] for stage in _stages(answer) if stage["stage"] == "SORT")
        executed = list(_executed(answer))
        self.keys = sum(one["totalKeysExamined"] for one in executed)
        self.documents = sum(one["totalDocsExamined"] for one in executed)
        self.returned = sum(one["nReturned"] for one in executed)
        self.scans = sum(stage == "IXSCAN" for stage in self.stages)
        self.indexes = [stage["indexName"] for stage in _stages(answer) if stage["stage"] == "IXSCAN"]

    def faults(self) -> list[str]:
        """What must not happen in a query that many people ask.

        A handful of rows may be sorted: then the planner has seen that no more are left, and takes any way to them.
        """
        happened = {"COLLSCAN": "COLLSCAN" in self.stages, "SORT": self.sorted > HANDFUL}
        return [f"{fault} in {self.collection}: {dict(self.command)}" for fault in happened if happened[fault]]

    def excess(self) -> list[str]:
        """What was looked at without need.

        Before MongoDB merges the scans of a group of organizations it has to begin each of them, so that one scan which
        passes by as many foreign rows is as good, and sometimes taken.
        """
        most = 2 * self.returned + 3 * self.scans + ORGS_AT_ONCE
        if self.keys <= most and self.documents <= most:
            return []
        looked = f"{self.keys} keys, {self.documents} documents for {self.returned} rows in {self.scans} scans"
        return [f"{looked}: {self.collection}: {dict(self.command)}"]


def _stages(part: Any) -> Iterator[Mapping[str, Any]]:
    """The stages that ran; the planner's candidates that lost are left out."""
    if isinstance(part, Mapping):
        if isinstance(part.get("stage"), str):
            yield part
        for name, value in part.items():
            if name not in ("rejectedPlans", "command", "queryPlanner"):
                yield from _stages(value)
    elif isinstance(part, list):
        for value in part:
            yield from _stages(value)


def _executed(part: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(part, Mapping):
        if "totalKeysExamined" in part and "executionStages" in part:
            yield part
        else:
            for value in part.values():
                yield from _executed(value)
    elif isinstance(part, list):
        for value in part:
            yield from _executed(value)
