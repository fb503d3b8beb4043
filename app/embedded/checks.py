"""Whether the servers we are pointed at, embedded or not, will do; asked once when a process starts."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConfigurationError, InvalidURI, OperationFailure, PyMongoError, ServerSelectionTimeoutError
from pymongo.uri_parser import parse_uri
from redis import asyncio as redis
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from app.embedded.errors import CannotStart

# The oldest server CloudWatcher is tested with.
OLDEST_MONGODB = (6, 0)
# Tested with Valkey 9, which answers as Redis 7.2; nothing newer than 7.0 is used.
OLDEST_REDIS = (7, 0)
WITHIN = timedelta(seconds=5)

_Client = MongoClient[dict[str, Any]]
_Hosts = list[tuple[str, int | None]]


@dataclass(frozen=True, slots=True)
class MongoDBFacts:
    """What answered: `version` such as "6.0.5", `topology` "replica set rs0" or "sharded cluster"."""

    version: str
    topology: str


async def check_mongodb(url: str, *, within: timedelta = WITHIN) -> MongoDBFacts:
    """Refuses a MongoDB that CloudWatcher cannot work with, with a message that says how to mend it.

    Raises CannotStart when `url` is malformed, nobody answers `within` the time, the password is wrong, the server is
    older than OLDEST_MONGODB, or it is not a replica set (without one there are no transactions and no change streams).
    """
    # With the blocking client: an AsyncMongoClient that is closed while it connects leaves its socket open.
    facts = await asyncio.to_thread(_look_at, url, within)
    _refuse_old("MongoDB", facts.version, OLDEST_MONGODB)
    return facts


async def check_redis(url: str, *, within: timedelta = WITHIN) -> str:
    """The version of the Redis (or Valkey) at `url`.

    Raises CannotStart when it is unreachable, refuses the password, is too old, or may evict keys: an evicted key is a
    lost job.
    """
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=within.total_seconds(), decode_responses=True)
    except ValueError:
        # Without its cause, which may quote a piece of the password.
        raise CannotStart(
            "REDIS_URL is not the address of a Redis server; it looks like `redis://:password@host:6379/0`, "
            "with special characters of the password percent-encoded."
        ) from None
    try:
        async with client:
            facts = await client.info("everything")
    except (AuthenticationError, NoPermissionError) as error:
        raise CannotStart(f"Redis refused us ({error}); check the user name and password in REDIS_URL.") from error
    except RedisError as error:
        raise CannotStart(f"Redis does not answer ({error}); start it or correct REDIS_URL.") from error
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        raise CannotStart(
            f"Redis may throw keys away ({policy}), and with them jobs; run "
            "`redis-cli config set maxmemory-policy noeviction`."
        )
    version = str(facts["redis_version"])
    _refuse_old("Redis", version, OLDEST_REDIS)
    return version


def _look_at(url: str, within: timedelta) -> MongoDBFacts:
    client, hosts = _client(url, within)
    try:
        with client:
            topology = _topology(client.admin.command("hello"), hosts[0])
            return MongoDBFacts(str(client.admin.command("buildInfo")["version"]), topology)
    except ServerSelectionTimeoutError as error:
        raise _why_nobody_answers(hosts, error) from error
    except OperationFailure as error:
        said = (error.details or {}).get("errmsg")
        raise CannotStart(
            f"MongoDB at {_named(hosts)} refused us ({said}); "
            "check the user name, password and authSource in MONGODB_URL."
        ) from error
    except PyMongoError as error:
        raise CannotStart(f"MongoDB at {_named(hosts)} cannot be used: {error}") from error


def _client(url: str, within: timedelta) -> tuple[_Client, _Hosts]:
    """A client, and the hosts its address names."""
    try:
        hosts = list(parse_uri(url)["nodelist"])
        return MongoClient(url, serverSelectionTimeoutMS=within // timedelta(milliseconds=1)), hosts
    except (InvalidURI, ConfigurationError, ValueError):
        # Without its cause, which may quote a piece of the password.
        raise CannotStart(
            "MONGODB_URL is not the address of a MongoDB server; it looks like "
            "`mongodb://user:password@host:27017/?replicaSet=rs0`, "
            "with special characters of the password percent-encoded."
        ) from None


def _topology(hello: dict[str, Any], host: tuple[str, int | None]) -> str:
    if hello.get("msg") == "isdbgrid":
        return "sharded cluster"
    if "setName" in hello:
        return f"replica set {hello['setName']}"
    raise _standalone(host, has_option=bool(hello.get("isreplicaset")))


def _standalone(host: tuple[str, int | None], *, has_option: bool) -> CannotStart:
    initiate = f"`mongosh --host {host[0]} --port {host[1]} --eval 'rs.initiate()'`"
    if has_option:
        return CannotStart(f"The replica set of MongoDB at {_named([host])} is not set up: run {initiate} once.")
    return CannotStart(
        f"MongoDB at {_named([host])} is a standalone server, and CloudWatcher needs a replica set "
        "(one member will do): restart it with `mongod --replSet rs0` and its other options, or with "
        f"`replication.replSetName: rs0` in mongod.conf, then run {initiate} once."
    )


def _why_nobody_answers(hosts: _Hosts, error: ServerSelectionTimeoutError) -> CannotStart:
    """An address that names a replica set hides a standalone server, so that each host is asked directly.

    A server tells this to anyone, so that no password is needed.
    """
    for host in hosts:
        client: _Client = MongoClient(host[0], host[1], directConnection=True, serverSelectionTimeoutMS=1000)
        try:
            with client:
                hello = client.admin.command("hello")
        except PyMongoError:
            continue
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            return _standalone(host, has_option=bool(hello.get("isreplicaset")))
    reason = str(error).split(" (configured timeouts")[0]  # what follows describes the driver's settings
    return CannotStart(f"No MongoDB primary answers at {_named(hosts)} ({reason}); start it or correct MONGODB_URL.")


def _refuse_old(label: str, version: str, oldest: tuple[int, int]) -> None:
    if tuple(int(part) for part in version.split(".")[:2]) < oldest:
        needed = ".".join(map(str, oldest))
        raise CannotStart(f"{label} {version} is too old: CloudWatcher needs {needed} or newer.")


def _named(hosts: _Hosts) -> str:
    return ", ".join(host if port is None else f"{host}:{port}" for host, port in hosts)
