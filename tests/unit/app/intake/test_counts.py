"""Counts of what came are written together, and a database that is away loses them and nothing else."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from bson import ObjectId
from pymongo.errors import AutoReconnect

from app.intake.counts import IntakeCounts
from documents.intake_endpoint import Traffic

AT = datetime(2026, 11, 26, tzinfo=UTC)
ONE, OTHER = ObjectId(), ObjectId()


class Written(list[Mapping[ObjectId, Traffic]]):
    async def write(self, found: Mapping[ObjectId, Traffic]) -> None:
        self.append(found)


async def test_many_become_one_write() -> None:
    written = Written()
    counts = IntakeCounts(written.write, timedelta(milliseconds=20))

    for number in range(50):
        counts.refused(ONE, f"reason {number}", AT)
    counts.received(OTHER, 3, AT)
    await asyncio.sleep(0.1)

    assert written == [
        {
            ONE: Traffic(refused=50, refused_at=AT, refusal="reason 49"),
            OTHER: Traffic(received=3, received_at=AT),
        }
    ]


async def test_after_a_write_they_start_anew() -> None:
    written = Written()
    counts = IntakeCounts(written.write, timedelta(milliseconds=1))

    for _ in range(2):
        counts.received(ONE, 1, AT)
        await asyncio.sleep(0.05)

    assert written == [{ONE: Traffic(received=1, received_at=AT)}] * 2


async def test_the_end_of_the_process_does_not_wait() -> None:
    written = Written()
    counts = IntakeCounts(written.write, timedelta(hours=1))
    counts.received(ONE, 1, AT)

    await counts.settle()
    await counts.settle()

    assert len(written) == 1


async def test_a_database_that_is_away_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def away(_: Mapping[ObjectId, Traffic]) -> None:
        raise AutoReconnect

    counts = IntakeCounts(away)
    counts.received(ONE, 1, AT)

    await counts.settle()

    assert "intake.not_counted" in caplog.text
