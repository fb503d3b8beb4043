"""The embedded MongoDB: a replica set of one, journaled, with a password, made and mended at start."""

from contextlib import suppress
from typing import Any

from pymongo import MongoClient
from pymongo.errors import AutoReconnect, OperationFailure, PyMongoError

from app.embedded.binary import MONGOD
from app.embedded.errors import CannotStart
from app.embedded.server import HOST, EmbeddedServer

REPLICA_SET = "rs0"
USER = "cloudwatcher"
# The floor of WiredTiger's cache (its default is half the memory of the machine). Embedded data is small.
_CACHE_GB = "0.25"
# Bounds the log that change streams and replicas read; the default is a twentieth of the disk.
_OPLOG_MB = "1024"
# Source: error_codes.yml of the MongoDB server.
_UNAUTHORIZED, _AUTHENTICATION_FAILED, _ALREADY_INITIALIZED, _NOT_YET_INITIALIZED = 13, 18, 23, 94

Client = MongoClient[dict[str, Any]]


class EmbeddedMongoDB(EmbeddedServer):
    name = "mongodb"
    program = MONGOD

    def command(self) -> list[str]:
        options = {
            "--replSet": REPLICA_SET,
            "--bind_ip": HOST,
            "--port": str(self.port),
            "--dbpath": str(self.folder),
            "--logpath": str(self.directory.log_file(self.name)),
            "--keyFile": str(self.directory.secret_file),  # turns on authentication
            "--wiredTigerCacheSizeGB": _CACHE_GB,
            "--oplogSize": _OPLOG_MB,
            # zlib lets anyone who can connect read the server's memory (CVE-2025-14847, fixed in 6.0.27, and the wheel
            # holds 6.0.5). Compression gains nothing on loopback, so there is none at all.
            "--networkMessageCompressors": "disabled",
            "--setParameter": "diagnosticDataCollectionEnabled=false",
        }
        return [part for option in options.items() for part in option] + ["--logappend", "--nounixsocket"]

    def url(self) -> str:
        return (
            f"mongodb://{USER}:{self.directory.secret()}@{HOST}:{self.port}/?replicaSet={REPLICA_SET}&authSource=admin"
        )

    def make_ready(self) -> None:
        self.wait_until(self.is_listening)
        try:
            with self._client() as client:
                self.wait_until(lambda: self._is_primary(client))
        except OperationFailure as error:
            if error.code != _AUTHENTICATION_FAILED:
                raise self._refused(error) from error
            self._create()  # nobody has a password yet

    def process_id(self) -> int | None:
        """MongoDB keeps it in the lock file of its folder."""
        with suppress(OSError, ValueError):
            return int((self.folder / "mongod.lock").read_text())
        return None

    def is_ours(self) -> bool:
        try:
            with self._client() as client:
                options = client.admin.command("getCmdLineOpts")["parsed"]
                return bool(options["storage"]["dbPath"] == str(self.folder))
        except PyMongoError:
            return False

    def _client(self, *, password: bool = True) -> Client:
        return MongoClient(
            HOST,
            self.port,
            directConnection=True,
            serverSelectionTimeoutMS=2000,
            username=USER if password else None,
            password=self.directory.secret() if password else None,
        )

    def _create(self) -> None:
        """The first start. While there is no user yet, a client on the same machine may make the set and the user."""
        with self._client(password=False) as client:
            try:
                self._initiate(client)
                self.wait_until(lambda: bool(client.admin.command("hello")["isWritablePrimary"]))
                client.admin.command("createUser", USER, pwd=self.directory.secret(), roles=["root"])
            except PyMongoError as error:
                raise self._refused(error) from error

    def _initiate(self, client: Client) -> None:
        member = {"_id": 0, "host": f"{HOST}:{self.port}"}
        try:
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
        except OperationFailure as error:
            if error.code != _ALREADY_INITIALIZED:  # it is, when the very first start was cut off here
                raise

    def _is_primary(self, client: Client) -> bool:
        try:
            hello = client.admin.command("hello")
            if "setName" not in hello:
                self._follow_port(client)
            return bool(hello["isWritablePrimary"])
        except AutoReconnect:
            return False

    def _follow_port(self, client: Client) -> None:
        """A member that does not find its own address in the set's configuration serves nobody until that is mended."""
        try:
            config = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code == _NOT_YET_INITIALIZED:  # still reading it from disk
                return
            raise
        if config["members"][0]["host"] != f"{HOST}:{self.port}":
            config["members"][0]["host"] = f"{HOST}:{self.port}"
            config["version"] += 1
            client.admin.command("replSetReconfig", config, force=True)

    def _refused(self, error: PyMongoError) -> CannotStart:
        if isinstance(error, OperationFailure) and error.code in (_UNAUTHORIZED, _AUTHENTICATION_FAILED):
            return CannotStart(
                f"The embedded MongoDB does not accept the password in {self.directory.secret_file}; put the file back "
                f"that belongs to {self.directory.root}."
            )
        return CannotStart(f"The embedded MongoDB could not be prepared: {error}. Its log is {self.log_file()}.")
