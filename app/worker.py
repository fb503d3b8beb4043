"""The worker process: its queues, the schedule and the outbox relay. Survives a Redis that goes away."""

import asyncio
import signal
from contextlib import suppress
from datetime import UTC, timedelta
from typing import Any

import structlog
from arq.worker import Worker
from redis.exceptions import RedisError

from app import tasks
from app.evidence import pack_store, stamper
from app.logs import set_up_logs
from app.metrics import serve_metrics
from app.post import make_post
from app.settings import Settings
from app.tracing import start_tracing
from app.wiring import Backend, open_backend, open_redis, urls_of
from auth.notice_action import NoticeActions
from connectors.dns import Records
from documents.base import utc_now
from documents.sync_run import LEASE
from jobs.context import JobContext
from jobs.queue import DELIVERIES, PULLS, QUICK, SLOW, SYNCS, dumps, loads

log = structlog.get_logger()

RELAY_EVERY = timedelta(seconds=1)
REDIS_PAUSE_SECONDS = 1.0
# How long a stopping worker lets its jobs run on; what is cancelled then runs again elsewhere.
DRAIN_SECONDS = 10
# How long a look at the queue may take once another worker has ended; one that takes longer is cut off.
LAST_LOOK_SECONDS = 5


class Stopped(Exception):
    """The worker was asked to stop."""


class PatientWorker(Worker):
    """An arq worker that stops between two looks at its queue, never in the middle of one.

    Cut off in the middle, it would lose a connection that it is just giving back to the pool.
    """

    stop: asyncio.Event
    # Those of one process begin and end together: one that ends says so, and waits for the others.
    is_over: asyncio.Event
    all_ended: asyncio.Barrier

    async def async_run(self) -> None:
        try:
            await super().async_run()
        except Exception:  # whatever ended this worker, the others stop between two looks; it goes on
            self.is_over.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_LOOK_SECONDS):
                    await self.all_ended.wait()
            raise

    async def _poll_iteration(self) -> None:
        if self.stop.is_set() or self.is_over.is_set():
            raise Stopped
        await super()._poll_iteration()


async def bind_job(ctx: dict[str, Any]) -> None:
    """Put the job's id on every log line it writes."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(job_id=ctx["job_id"])


def make_workers(backend: Backend, redis: dict[str, Any], stop: asyncio.Event) -> list[PatientWorker]:
    """One arq worker per queue, sharing this event loop."""
    quick = PatientWorker(
        functions=tasks.quick_jobs(),
        cron_jobs=tasks.ticks(),
        queue_name=QUICK,
        redis_pool=redis[QUICK],
        **options(backend),
    )
    slow = PatientWorker(
        functions=tasks.slow_jobs(),
        cron_jobs=tasks.slow_ticks(),
        queue_name=SLOW,
        redis_pool=redis[SLOW],
        max_jobs=4,
        **options(backend),
    )
    workers = [quick, slow, sync_worker(backend, redis), delivery_worker(backend, redis), pull_worker(backend, redis)]
    is_over, all_ended = asyncio.Event(), asyncio.Barrier(len(workers))
    for worker in workers:
        worker.stop, worker.is_over, worker.all_ended = stop, is_over, all_ended
    return workers


def sync_worker(backend: Backend, redis: dict[str, Any]) -> PatientWorker:
    """The one for syncs, which say themselves that they go on: what a dead worker leaves is found soon."""
    worker = PatientWorker(
        functions=tasks.sync_jobs(),
        queue_name=SYNCS,
        redis_pool=redis[SYNCS],
        max_jobs=4,
        **options(backend),
    )
    # And not after the time limit, as arq would have it.
    worker.in_progress_timeout_s = 2 * LEASE.total_seconds()
    return worker


def delivery_worker(backend: Backend, redis: dict[str, Any]) -> PatientWorker:
    """The one for messages to channels: a channel that does not answer must not hold up anything else."""
    return PatientWorker(
        functions=tasks.delivery_jobs(),
        cron_jobs=tasks.delivery_ticks(),
        queue_name=DELIVERIES,
        redis_pool=redis[DELIVERIES],
        max_jobs=20,
        **options(backend),
    )


def pull_worker(backend: Backend, redis: dict[str, Any]) -> PatientWorker:
    """The one that waits for messages in the queues of customers: many at once, each with little to do."""
    worker = PatientWorker(
        functions=tasks.pull_jobs(),
        queue_name=PULLS,
        redis_pool=redis[PULLS],
        max_jobs=100,
        **options(backend),
    )
    # Two readers of one queue do no harm, and one whose worker has died is found soon.
    worker.in_progress_timeout_s = tasks.PULLED_AGAIN.total_seconds()
    return worker


def options(backend: Backend) -> dict[str, Any]:
    """What the workers have in common."""
    context = JobContext(
        writer=backend.writer,
        queue=backend.queue,
        vault=backend.vault,
        now=utc_now,
        event_retention=backend.settings.event_retention,
        evidence_retention=backend.settings.evidence_retention,
        allow_private_endpoints=backend.settings.private_endpoints_allowed,
        audit_keys=backend.keys.audit,
        audit_entries=backend.audit_entries,
        one_time_tokens=backend.one_time_tokens,
        guards=backend.guards,
        post=make_post(backend.settings),
        public_url=backend.settings.public_url,
        actions=NoticeActions(backend.keys.derived("notice actions")),
        texts_of=Records(backend.settings.dns_servers).texts,
        authorities=backend.settings.key_authorities,
        cost_fetch_bytes=backend.settings.cost_fetch_max_bytes,
        cost_fetch_directory=backend.settings.cost_fetch_directory,
        pack_store=pack_store(backend.settings),
        stamper=stamper(backend.settings),
    )
    return {
        "ctx": {"context": context},
        "handle_signals": False,
        "on_job_start": bind_job,
        "keep_result": 0,
        "health_check_interval": 30,
        "job_serializer": dumps,
        "job_deserializer": loads,
        "timezone": UTC,
        "poll_delay": 0.2,
        "log_results": False,
    }


async def relay_until(stop: asyncio.Event, backend: Backend) -> None:
    """Repair relays that were lost between commit and hand-over."""
    while not await _passes(stop, RELAY_EVERY.total_seconds()):
        try:
            await backend.queue.relay()
        except Exception:  # whatever it was, the next pass tries again
            log.exception("relay_failed")


async def work(backend: Backend, stop: asyncio.Event) -> None:
    """Run the queues until `stop`; when Redis goes away, wait and begin again with fresh connections."""
    _, redis_url = urls_of(backend.settings)
    while not stop.is_set():
        redis = {name: await open_redis(redis_url) for name in (QUICK, SLOW, SYNCS, DELIVERIES, PULLS)}
        workers = make_workers(backend, redis, stop)
        try:
            async with asyncio.TaskGroup() as group:
                for worker in workers:
                    group.create_task(worker.async_run())
        except* Stopped:
            pass
        except* (RedisError, OSError) as lost:
            log.warning("queue_lost", reason=str(lost.exceptions[0]))
        finally:
            await _finish_jobs(workers)
            for pool in redis.values():
                await pool.aclose(close_connection_pool=True)
        await _passes(stop, REDIS_PAUSE_SECONDS)


async def _passes(stop: asyncio.Event, seconds: float) -> bool:
    """Wait; True when `stop` came in between."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
    return stop.is_set()


async def _finish_jobs(workers: list[PatientWorker]) -> None:
    """Let running jobs end; those that take too long are cancelled and run again elsewhere."""
    running = [task for worker in workers for task in worker.tasks.values() if not task.done()]
    if running:
        _, late = await asyncio.wait(running, timeout=DRAIN_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_backend(settings) as backend:
        log.info("worker_ready")
        async with asyncio.TaskGroup() as group:
            group.create_task(work(backend, stop))
            group.create_task(relay_until(stop, backend))
        log.info("worker_stopped")


def main() -> None:
    """The worker process."""
    settings = Settings()
    set_up_logs(json=settings.log_json, level=settings.log_level)
    start_tracing(settings, "worker")
    if settings.worker_metrics_port is not None:
        serve_metrics(settings.worker_metrics_port)
    asyncio.run(run(settings))


if __name__ == "__main__":
    main()
