"""Kept answers on a real Redis: found again, out of reach after any event, and done without when Redis is away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, timedelta
from decimal import Decimal

import pytest
from pydantic import TypeAdapter
from redis.asyncio import Redis

from app.embedded.servers import ServerUrls
from app.results import MOST_BYTES, RedisResults
from app.wiring import Backend
from documents.event import EventCounter
from documents.transaction import Transaction
from domain.costs.series import CostQuestion, CostSeries, Grain, GroupSums, Metric, SeriesBuilder, TagKey
from domain.dashboard import CostNumbers, Dashboard
from domain.facts.cost_dimension import Dimension
from domain.facts.scope import Scope
from resolvers import cost, dashboard
from tests.factories.tenant import Tenant, make_tenant

TEXT = TypeAdapter(str)


class Question:
    """A question whose answer is how often it was computed."""

    def __init__(self, results: RedisResults, *, delay: float = 0) -> None:
        self.results = results
        self.computed = 0
        self._delay = delay

    async def ask(self, tenant: Tenant, question: object = "q") -> str:
        return await self.ask_in(tenant.scope, question)

    async def ask_in(self, scope: Scope, question: object = "q") -> str:
        return await self.results.get_or_compute(question, scope, TEXT, self._compute)

    async def _compute(self) -> str:
        self.computed += 1
        await asyncio.sleep(self._delay)
        return f"answer {self.computed}"


@pytest.fixture
async def redis(servers: ServerUrls) -> AsyncIterator[Redis]:
    assert servers.redis_url is not None
    client = Redis.from_url(servers.redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def question(redis: Redis) -> Question:
    return Question(RedisResults(redis, small=0))


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def something_happens(backend: Backend, tenant: Tenant) -> None:
    async def change(tx: Transaction) -> None:
        tx.announce(tenant.organization.id, "topic", "Changed", {})

    await backend.writer.commit(change)


async def test_an_answer_is_found_again_by_every_process(redis, tenant, question):
    other_process = Question(RedisResults(redis, small=0))

    answers = [await question.ask(tenant), await question.ask(tenant), await other_process.ask(tenant)]

    assert answers == ["answer 1"] * 3
    assert (question.computed, other_process.computed) == (1, 0)


async def test_an_event_puts_the_answer_out_of_reach(backend, tenant, question):
    before = await question.ask(tenant)
    await something_happens(backend, tenant)

    assert (before, await question.ask(tenant), await question.ask(tenant)) == ("answer 1", "answer 2", "answer 2")


async def test_a_log_that_was_made_anew_puts_the_answer_out_of_reach(tenant, question):
    await question.ask(tenant)
    await EventCounter.get_pymongo_collection().update_one(
        {"_id": tenant.organization.id}, {"$set": {"epoch": "restored"}}
    )

    assert await question.ask(tenant) == "answer 2"


async def test_another_question_or_tenant_has_another_answer(backend, tenant, question):
    stranger = await make_tenant(backend)
    await question.ask(tenant)

    assert await question.ask(tenant, "another") == "answer 2"
    assert await question.ask(stranger) == "answer 3"
    assert await question.ask(tenant) == "answer 1"


async def test_an_answer_about_several_tenants_ends_with_an_event_in_any(backend, tenant, question):
    other = await make_tenant(backend)
    ids = frozenset({tenant.org_id, other.org_id})
    both = Scope(org_ids=ids, visible=ids, actor="test")
    await question.ask_in(both)

    await something_happens(backend, other)

    assert await question.ask_in(both) == "answer 2"
    assert await question.ask(tenant) == "answer 3"


async def test_tenants_without_a_log_do_not_share_answers(backend, tenant, question):
    other = await make_tenant(backend)
    ids = [tenant.organization.id, other.organization.id]
    await EventCounter.get_pymongo_collection().delete_many({"_id": {"$in": ids}})

    assert await question.ask(tenant) != await question.ask(other)


async def test_equal_questions_at_once_are_computed_once(redis, tenant):
    question = Question(RedisResults(redis, small=0), delay=0.1)

    answers = await asyncio.gather(*(question.ask(tenant) for _ in range(50)))

    assert set(answers) == {"answer 1"}
    assert question.computed == 1


async def test_who_leaves_takes_the_answer_from_nobody(redis, tenant):
    question = Question(RedisResults(redis, small=0), delay=0.2)
    first = asyncio.create_task(question.ask(tenant))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(question.ask(tenant))
    await asyncio.sleep(0.05)

    first.cancel()

    assert await second == "answer 1"
    assert question.computed == 1


async def test_an_event_while_an_answer_is_computed_does_not_hide_behind_it(backend, redis, tenant):
    results = RedisResults(redis, small=0)
    state = "old"

    async def slow() -> str:
        seen = state
        await asyncio.sleep(0.2)
        return seen

    early = asyncio.create_task(results.get_or_compute("q", tenant.scope, TEXT, slow))
    await asyncio.sleep(0.1)
    state = "new"
    await something_happens(backend, tenant)
    late = await results.get_or_compute("q", tenant.scope, TEXT, slow)

    assert (await early, late) == ("old", "new")
    assert await results.get_or_compute("q", tenant.scope, TEXT, slow) == "new"


async def test_a_question_that_cannot_be_answered_is_asked_again(redis, tenant, question):
    async def breaks() -> str:
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await question.results.get_or_compute("q", tenant.scope, TEXT, breaks)

    assert await question.ask(tenant) == "answer 1"


@pytest.mark.parametrize("small", [0, 100])
async def test_answers_expire(redis, tenant, small):
    question = Question(RedisResults(redis, kept_for=timedelta(milliseconds=50), small=small))
    await question.ask(tenant)
    await asyncio.sleep(0.2)

    assert await question.ask(tenant) == "answer 2"


async def test_an_answer_that_cannot_be_read_is_computed_anew(redis, tenant, question):
    await question.results.get_or_compute("q", tenant.scope, TypeAdapter(int), _seven)

    assert await question.ask(tenant) == "answer 1"
    assert await question.ask(tenant) == "answer 1"


async def _seven() -> int:
    return 7


async def test_a_huge_answer_is_not_kept(redis, tenant):
    results, computed = RedisResults(redis, small=0), 0

    async def huge() -> str:
        nonlocal computed
        computed += 1
        return "x" * MOST_BYTES

    for _ in range(2):
        assert len(await results.get_or_compute("q", tenant.scope, TEXT, huge)) == MOST_BYTES

    assert computed == 2


async def test_without_redis_every_answer_is_computed(tenant, unused_tcp_port):
    async with Redis(port=unused_tcp_port) as nowhere:
        question = Question(RedisResults(nowhere, small=0))

        assert [await question.ask(tenant) for _ in range(3)] == ["answer 1", "answer 2", "answer 3"]


async def test_a_redis_that_does_not_answer_is_not_waited_for_again_and_again(tenant):
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Redis(port=port) as mute:
        question = Question(RedisResults(mute, small=0))
        async with asyncio.timeout(5):
            answers = [await question.ask(tenant) for _ in range(20)]

    assert answers[-1] == "answer 20"


async def test_answers_are_kept_again_once_redis_is_back(redis, tenant):
    results = RedisResults(redis, small=0)
    question = Question(results)
    results._ask_again_at = asyncio.get_running_loop().time() + 0.2  # as after a failure

    away = [await question.ask(tenant), await question.ask(tenant)]
    await asyncio.sleep(0.3)
    back = [await question.ask(tenant), await question.ask(tenant)]

    assert away == ["answer 1", "answer 2"]
    assert back == ["answer 3", "answer 3"]


async def test_a_process_remembers_its_newest_small_answers_by_itself(backend, tenant, unused_tcp_port, monkeypatch):
    monkeypatch.setattr("app.results.MOST_RECENT", 2)
    async with Redis(port=unused_tcp_port) as nowhere:
        question = Question(RedisResults(nowhere, small=len('"answer 1"')))
        known = [await question.ask(tenant, name) for name in ("a", "b", "b", "a", "c", "c", "a")]
        await something_happens(backend, tenant)
        after = [await question.ask(tenant, "c") for _ in range(2)]

    assert known == [f"answer {number}" for number in (1, 2, 2, 1, 3, 3, 4)]
    assert after == ["answer 5", "answer 5"]


async def test_a_process_remembers_no_big_answer(tenant, unused_tcp_port):
    async with Redis(port=unused_tcp_port) as nowhere:
        question = Question(RedisResults(nowhere, small=len('"answer 1"') - 1))

        assert [await question.ask(tenant) for _ in range(2)] == ["answer 1", "answer 2"]


def a_series() -> CostSeries:
    """A series with everything that could suffer on its way through JSON."""
    question = CostQuestion(
        first=date(2026, 9, 1),
        until=date(2026, 11, 1),
        grain=Grain.MONTH,
        group_by=(Dimension.SERVICE, TagKey("team")),
        metrics=(Metric.BILLED, Metric.LIST),
        top=1,
    )
    builder = SeriesBuilder(question, "USD")
    long = Decimal("1234567890123456.789012345678901234")
    builder.add(GroupSums((None, "ä$"), "production", [(date(2026, 9, 1), [long, Decimal("-0.10")])]))
    builder.add(GroupSums(("db", None), None, [(date(2026, 10, 1), [Decimal("0E-12"), Decimal("1E+3")])]))
    return builder.built()


async def test_a_kept_cost_series_is_the_same_to_the_digit(redis, tenant):
    series = a_series()
    question = CostQuestion(date(2026, 9, 1), date(2026, 11, 1))

    async def compute() -> CostSeries:
        return series

    found = [
        await RedisResults(redis, small=0).get_or_compute(("costs", question), tenant.scope, cost.ENCODED, compute)
        for _ in range(2)
    ]

    assert found[1] is not series
    assert found[1] == series
    # Equal numbers may have other digits; UTC may have another name.
    assert repr(found[1]).replace("TzInfo(0)", repr(UTC)) == repr(series)


async def test_a_kept_dashboard_is_the_same_to_the_digit(redis, tenant):
    numbers = Dashboard(
        currency=None,
        costs=CostNumbers(*(Decimal(text) for text in ("1.50", "0", "0E-9", "-3", "12345678901234567890.123456789"))),
        costs_until=date(2026, 11, 1),
        open_findings=1,
        urgent_findings=2,
        monthly_saving=Decimal("12.50"),
        open_alerts=3,
        urgent_alerts=4,
        accounts=5,
        failing_accounts=6,
    )

    async def compute() -> Dashboard:
        return numbers

    found = [
        await RedisResults(redis, small=0).get_or_compute("d", tenant.scope, dashboard.ENCODED, compute)
        for _ in range(2)
    ]

    assert found[1] is not numbers
    assert repr(found[1]) == repr(numbers)
