"""`cloudwatcher up`: embedded servers, web and worker in one terminal."""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx2

from app.embedded.servers import EmbeddedServers
from app.post import mail_folder
from app.processes.supervisor import Child, Supervisor
from app.settings import Settings, environment_for_children, with_urls
from domain.errors import CloudWatcherError, Invalid

# The web process loads the documents anyway; this one stays small and quick without them.
MIGRATE = "--migrate"
READY_WITHIN = timedelta(seconds=60)

Greeting = Callable[[Settings, Supervisor], Awaitable[None]]


def run_up(settings: Settings) -> int:
    """Runs until stopped; returns the exit code."""
    return run_processes(settings, extra=lambda _: [], greet=greet)


async def prepare_nothing(settings: Settings) -> None:
    """What `up` does between the start of the servers and that of its children."""


def run_processes(
    settings: Settings,
    *,
    extra: Callable[[Settings], Sequence[Child]],
    greet: Greeting,
    prepare: Callable[[Settings], Coroutine[Any, Any, None]] = prepare_nothing,
) -> int:
    """Servers, `prepare`, then web (which migrates), worker and the `extra` children; `greet` once web answers."""
    settings = _with_free_port(settings)
    servers = EmbeddedServers(settings.data_dir, mongodb=settings.mongodb_url is None, redis=settings.redis_url is None)
    with servers:
        urls = servers.urls
        settings = with_urls(settings, mongodb_url=urls.mongodb_url, redis_url=urls.redis_url)
        asyncio.run(prepare(settings))
        env = environment_for_children(settings)
        children = [
            *web_children(settings.web_processes, env),
            # Somebody waits for an answer; nobody waits for a job as impatiently.
            Child("worker", ("nice", "-n", "5", sys.executable, "-m", "app.worker"), env),
            *extra(settings),
        ]

        async def beside() -> None:
            await until_answering(f"http://{_loopback(settings.host)}:{settings.port}/readyz", "The web process")
            await greet(settings, supervisor)

        supervisor = Supervisor(children, servers=servers, beside=beside)
        return supervisor.run()


def web_children(count: int, env: Mapping[str, str]) -> list[Child]:
    """The web processes; each makes sure that the collections and indexes are there before it answers."""
    names = ["web", *(f"web-{number}" for number in range(2, count + 1))]
    return [Child(name, (sys.executable, "-m", "app.web", MIGRATE), env) for name in names]


async def greet(settings: Settings, supervisor: Supervisor) -> None:
    """Say where everything is."""
    supervisor.say(f"CloudWatcher answers at {settings.public_url}/graphql (stop with Ctrl-C)")
    if not settings.is_production:
        supervisor.say(f"Open {settings.public_url}/graphql in a browser to try queries; register first.")
    if settings.smtp_url is None:
        supervisor.say(f"Mail is written to {mail_folder(settings)}: no mail server is set.")


async def until_answering(url: str, what: str) -> None:
    """Wait until a GET is answered with success. Raises CloudWatcherError after a minute."""
    try:
        async with asyncio.timeout(READY_WITHIN.total_seconds()), httpx2.AsyncClient() as client:
            while True:
                if await _is_answering(client, url):
                    return
                await asyncio.sleep(0.1)
    except TimeoutError as error:
        raise CloudWatcherError(f"{what} did not become ready within {READY_WITHIN.seconds} seconds.") from error


async def _is_answering(client: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url, timeout=2)).is_success
    except httpx2.HTTPError:
        return False


def _loopback(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound


def _with_free_port(settings: Settings) -> Settings:
    """The settings with a real port. Raises Invalid when the wanted one is taken."""
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise Invalid(
                f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}): choose another by --port."
            ) from error
        port = probe.getsockname()[1]
    if port == settings.port:
        return settings
    public_url = settings.public_url.replace(f":{settings.port}", f":{port}")
    return settings.model_copy(update={"port": port, "public_url": public_url})
