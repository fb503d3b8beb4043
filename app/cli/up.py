"""`cloudwatcher up`: embedded servers, web and worker in one terminal."""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import httpx2

from app.cli.store import run_migrate, with_urls
from app.embedded.servers import EmbeddedServers
from app.processes.supervisor import Child, Supervisor
from app.settings import Settings, environment_for_children
from domain.errors import CloudWatcherError, Invalid

READY_WITHIN = timedelta(seconds=60)

Greeting = Callable[[Settings, Supervisor], Awaitable[None]]


def run_up(settings: Settings) -> int:
    """Runs until stopped; returns the exit code."""
    return run_processes(settings, extra=lambda _: [], greet=greet)


def run_processes(settings: Settings, *, extra: Callable[[Settings], Sequence[Child]], greet: Greeting) -> int:
    """Servers, migration, then web, worker and the `extra` children; `greet` runs once the web process answers."""
    settings = _with_free_port(settings)
    servers = EmbeddedServers(settings.data_dir, mongodb=settings.mongodb_url is None, redis=settings.redis_url is None)
    with servers:
        settings = with_urls(settings, servers.urls)
        asyncio.run(run_migrate(settings))
        env = environment_for_children(settings)
        children = [
            Child("web", (sys.executable, "-m", "app.web"), env),
            Child("worker", (sys.executable, "-m", "app.worker"), env),
            *extra(settings),
        ]

        async def beside() -> None:
            await _until_ready(settings)
            await greet(settings, supervisor)

        supervisor = Supervisor(children, servers=servers, beside=beside)
        return supervisor.run()


async def greet(settings: Settings, supervisor: Supervisor) -> None:
    """Say where everything is."""
    supervisor.say(f"CloudWatcher answers at {settings.public_url}/graphql (stop with Ctrl-C)")
    if not settings.is_production:
        supervisor.say(f"Open {settings.public_url}/graphql in a browser to try queries; register first.")


async def _until_ready(settings: Settings) -> None:
    deadline = asyncio.get_running_loop().time() + READY_WITHIN.total_seconds()
    async with httpx2.AsyncClient() as client:
        while asyncio.get_running_loop().time() < deadline:
            try:
                answer = await client.get(f"http://{_loopback(settings.host)}:{settings.port}/readyz", timeout=2)
            except httpx2.HTTPError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code == httpx2.codes.OK:
                return
            await asyncio.sleep(0.1)
    raise CloudWatcherError(f"The web process did not become ready within {READY_WITHIN.seconds} seconds.")


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
