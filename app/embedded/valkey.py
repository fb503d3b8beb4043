"""The embedded Redis: a Valkey server with a password, whose append-only file is synced every second."""

from redis import Redis
from redis.exceptions import BusyLoadingError, ConnectionError, RedisError, TimeoutError

from app.embedded.binary import VALKEY
from app.embedded.directory import write_private
from app.embedded.server import HOST, EmbeddedServer


class EmbeddedValkey(EmbeddedServer):
    name = "redis"
    program = VALKEY

    def command(self) -> list[str]:
        # In a file, because every user of the machine can read a command line.
        write_private(self.directory.valkey_file, f"requirepass {self.directory.secret()}\n")
        options = {
            "--bind": HOST,
            "--port": str(self.port),
            "--dir": str(self.folder),
            "--logfile": str(self.directory.log_file(self.name)),
            "--appendonly": "yes",
            "--appendfsync": "everysec",
            "--save": "",
            "--maxmemory-policy": "noeviction",  # an evicted key would be a lost job
            "--set-proc-title": "no",  # so that `ps` shows which data it serves
        }
        return [str(self.directory.valkey_file), *(part for option in options.items() for part in option)]

    def url(self) -> str:
        return f"redis://:{self.directory.secret()}@{HOST}:{self.port}/0"

    def make_ready(self) -> None:
        with self._client() as client:
            self.wait_until(lambda: _answers(client))

    def process_id(self) -> int | None:
        try:
            with self._client() as client:
                return int(client.info("server")["process_id"])
        except RedisError:
            return None

    def is_ours(self) -> bool:
        try:
            with self._client() as client:
                return bool(client.config_get("dir") == {"dir": str(self.folder)})
        except RedisError:
            return False

    def _client(self) -> Redis:
        return Redis.from_url(self.url(), decode_responses=True, socket_timeout=2)


def _answers(client: Redis) -> bool:
    """False while it does not listen yet, or still loads its file."""
    try:
        return bool(client.ping())
    except (BusyLoadingError, ConnectionError, TimeoutError):
        return False
