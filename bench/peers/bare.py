"""The bare limit: Starlette, PyMongo and orjson on uvicorn with uvloop; a hand-written route for each workload."""

import asyncio
import base64
import os
from datetime import UTC, datetime
from typing import Any

import orjson
import uvicorn
import uvloop
from bson import ObjectId
from pymongo import AsyncMongoClient, ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.peers.bare_dashboard import twelve_numbers

Row = dict[str, Any]
NEWEST_FIRST = [("raised_at", -1), ("_id", -1)]
LIST = ("source", "severity", "title", "message", "state", "raised_at", "acknowledged_at", "times_raised", "version")


def global_id(kind: str, id: ObjectId) -> str:
    return base64.urlsafe_b64encode(f"{kind}:{id}".encode()).decode().rstrip("=")


def answer(data: Any) -> Response:
    return Response(orjson.dumps({"data": data}, option=orjson.OPT_UTC_Z), media_type="application/json")


def only(*names: str) -> dict[str, int]:
    return dict.fromkeys(names, 1)


class Bare:
    """The routes, over one database and one organization."""

    def __init__(self, client: AsyncMongoClient[Row], database: str, org_id: ObjectId, small: Row) -> None:
        self._client = client
        self._db: AsyncDatabase[Row] = client[database]
        self._org_id = org_id
        self._small = small
        self.app = Starlette(
            routes=[
                Route("/small", self.small),
                Route("/list", self.page),
                Route("/nested", self.nested),
                Route("/dashboard", self.dashboard),
                Route("/acknowledge/{id}", self.acknowledge, methods=["POST"]),
            ]
        )

    async def small(self, request: Request) -> Response:
        return answer(self._small)

    async def page(self, request: Request) -> Response:
        nodes = [
            {
                "id": global_id("Alert", row["_id"]),
                "source": row["source"],
                "severity": row["severity"],
                "title": row["title"],
                "message": row["message"],
                "state": row["state"],
                "raisedAt": row["raised_at"],
                "acknowledgedAt": row["acknowledged_at"],
                "timesRaised": row["times_raised"],
                "version": row["version"],
            }
            for row in await self._alerts(100, only(*LIST))
        ]
        return answer({"alerts": {"nodes": nodes}})

    async def nested(self, request: Request) -> Response:
        alerts = await self._alerts(50, only("title", "account_id", "finding_id"))
        accounts, findings = await asyncio.gather(
            self._load("accounts", alerts, "account_id", only("name", "provider")),
            self._load("findings", alerts, "finding_id", only("title", "resource_id")),
        )
        resources = await self._load("resources", findings.values(), "resource_id", only("name", "kind", "region"))
        nodes = [
            {
                "id": global_id("Alert", row["_id"]),
                "title": row["title"],
                "account": self._account(accounts[row["account_id"]]),
                "finding": self._finding(findings[row["finding_id"]], resources),
            }
            for row in alerts
        ]
        return answer({"alerts": {"nodes": nodes}})

    async def dashboard(self, request: Request) -> Response:
        return answer({"dashboard": await twelve_numbers(self._db, self._org_id)})

    async def acknowledge(self, request: Request) -> Response:
        id = ObjectId(request.path_params["id"])
        async with self._client.start_session() as session:
            row = await session.with_transaction(lambda session: self._acknowledged(id, session))
        alert = {"id": global_id("Alert", row["_id"]), "state": row["state"], "version": row["version"]}
        return answer({"acknowledgeAlert": {"alert": alert}})

    async def _acknowledged(self, id: ObjectId, session: Any) -> Row:
        at = datetime.now(UTC)
        row = await self._db["alerts"].find_one_and_update(
            {"_id": id, "org_id": self._org_id, "state": "OPEN"},
            {"$set": {"state": "ACKNOWLEDGED", "acknowledged_at": at}, "$inc": {"version": 1}},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        counter = await self._db["event_counters"].find_one_and_update(
            {"_id": self._org_id}, {"$inc": {"last": 1}}, return_document=ReturnDocument.AFTER, session=session
        )
        event = {"topic": f"tenant/{self._org_id}/alerts", "type": "AlertAcknowledged", "payload": row, "at": at}
        event |= {"org_id": self._org_id, "seq": counter["last"], "created_at": at}
        await self._db["events"].insert_one(event, session=session)
        return row

    async def _alerts(self, first: int, projection: dict[str, int]) -> list[Row]:
        query = {"org_id": {"$in": [self._org_id]}}
        rows = self._db["alerts"].find(query, projection, sort=NEWEST_FIRST, limit=first + 1)
        return (await rows.to_list())[:first]

    async def _load(self, collection: str, rows: Any, key: str, projection: dict[str, int]) -> dict[ObjectId, Row]:
        query = {"_id": {"$in": list({row[key] for row in rows})}, "org_id": {"$in": [self._org_id]}}
        found = await self._db[collection].find(query, projection).to_list()
        return {row["_id"]: row for row in found}

    def _account(self, row: Row) -> Row:
        return {"id": global_id("Account", row["_id"]), "name": row["name"], "provider": row["provider"]}

    def _finding(self, row: Row, resources: dict[ObjectId, Row]) -> Row:
        thing = resources[row["resource_id"]]
        resource = {
            "id": global_id("Resource", thing["_id"]),
            **{name: thing[name] for name in ("name", "kind", "region")},
        }
        return {"id": global_id("Finding", row["_id"]), "title": row["title"], "resource": resource}


async def serve() -> None:
    env = os.environ
    client: AsyncMongoClient[Row] = AsyncMongoClient(env["MONGODB_URL"], tz_aware=True, w="majority", maxPoolSize=50)
    bare = Bare(client, env["BENCH_DATABASE"], ObjectId(env["BENCH_ORGANIZATION"]), orjson.loads(env["BENCH_SMALL"]))
    config = uvicorn.Config(
        bare.app, port=int(env["BENCH_PORT"]), lifespan="off", log_config=None, access_log=False, http="httptools"
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
