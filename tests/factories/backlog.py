"""What other tests have left to be done; a worker that starts would do all of it first."""

from app.wiring import Backend
from documents.event import EventCounter
from documents.every_document import ALL
from documents.log_reader import LogReader
from documents.outbox import DISPATCH_EVENTS, QUICK, SLOW, OutboxJob
from documents.received_event import PROCESS_EVENTS
from jobs.queue import ALLOCATE_COSTS, CHECK_BUDGETS, DETECT_ANOMALIES, FORECAST_COSTS, JUDGE_CONTROLS

# What follows from events, from every load of costs, and from every sync.
LEFT = (
    DISPATCH_EVENTS,
    PROCESS_EVENTS,
    CHECK_BUDGETS,
    ALLOCATE_COSTS,
    DETECT_ANOMALIES,
    FORECAST_COSTS,
    JUDGE_CONTROLS,
)


async def forget_backlog(backend: Backend) -> None:
    """Have nothing follow from events and loads of before: their jobs are gone, and every log is read to its end."""
    await OutboxJob.get_pymongo_collection().delete_many({"function": {"$in": list(LEFT)}})
    for queue in (QUICK, SLOW):
        queued = [id for id in await backend.redis.zrange(queue, 0, -1) if id.decode().startswith(LEFT)]
        if queued:
            await backend.redis.zrem(queue, *queued)
            await backend.redis.delete(*(b"arq:job:" + id for id in queued))
    await EventCounter.get_pymongo_collection().update_many({}, [{"$set": {"read_from": "$last"}}])
    await LogReader.get_pymongo_collection().delete_many({})


async def is_asked(backend: Backend, job_id: str) -> bool:
    """Whether the job waits to be done, wherever: every commit hands over to the queue by itself, a moment later."""
    # First in this order: the row goes once the queue has the job.
    waits = await OutboxJob.get_pymongo_collection().find_one({"_id": job_id}) is not None
    return waits or bool(await backend.redis.exists(f"arq:job:{job_id}"))


async def forget_job(backend: Backend, job_id: str) -> None:
    """As when the job was lost: nobody has asked for it."""
    await backend.writer.close()  # no hand-over is under way
    await OutboxJob.get_pymongo_collection().delete_one({"_id": job_id})
    await backend.redis.delete(f"arq:job:{job_id}")


async def forget_everything(backend: Backend) -> None:
    """Empty every collection and Redis. The data keys stay, so that no vault meets the loss of one."""
    for document in ALL:
        await document.get_pymongo_collection().delete_many({})
    await backend.redis.flushdb()
