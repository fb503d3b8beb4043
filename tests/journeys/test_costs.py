"""A bill comes in and is followed to the end, seen from outside: real processes, command line and sockets."""

import asyncio
import csv
import gzip
import io
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pypdf
import pytest
from websockets.exceptions import ConnectionClosed

from app.embedded.server import free_port
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph, messages, socket, subscribe
from tests.factories.installation import Installation, Mailbox, authority_of, installation
from tests.fakes.mail_server import mail_server

PATIENCE = 60
COMPANY, OTHER = "Kim and Co", "Bo and Co"
MONTH = {"first": "2024-09-01", "until": "2024-10-01"}
LINES = {"beginsFrom": "2024-09-01T00:00:00Z", "beginsBefore": "2024-10-01T00:00:00Z"}
COSTS = """query($input: CostsInput!) { costs(input: $input) {
  groups { values columns { total } } total { columns { total } } } }"""
DRILL = """query($filter: CostLineFilter!, $after: Cursor) { costLines(filter: $filter, first: 100, after: $after) {
  nodes { serviceName billed { amount } source { fileName row } } pageInfo { hasNextPage endCursor } } }"""
ALLOCATED = """query($input: AllocatedCostsInput!) { allocatedCosts(input: $input) {
  groups { values label columns { total } } total { columns { total } } } }"""
COVERAGE = """{ allocationCoverage(month: "2024-09-01") { rulesVersion } }"""
ANOMALIES = "{ costAnomalies(first: 10) { totalCount nodes { summary firstOn serviceName } } }"
FORECAST = "{ costForecast(input: {}) { days mean quality note isStale } }"
EXPORT = "query($id: ID!) { costExport(id: $id) { state problem } }"
LINK = "query($id: ID!) { costDownload(id: $id) { url } }"
STATEMENT = """query($id: ID!) { statementAmounts(id: $id) {
  basis lines { name billed { amount } } totals { billed { amount } } } }"""
FEEDS = {
    "costs": "subscription { costsUpdated { ... on CostsUpdated { update { lineCount periodCount } } } }",
    "alerts": "subscription { alertRaised { ... on AlertRaised { alert { title source } } } }",
    "jobs": "subscription { jobProgressed { ... on JobProgressed { job { kind state } } } }",
}


@dataclass
class Listener:
    """A client with the three feeds open: what came in each."""

    came: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in FEEDS})
    problems: list[dict[str, Any]] = field(default_factory=list)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self, address: str, token: str) -> None:
        async with socket(address, token) as live:
            for name, query in FEEDS.items():
                await subscribe(live, query, id=name)
            self.opened.set()
            with suppress(ConnectionClosed):
                async for message in messages(live):
                    self.take(message)

    def take(self, message: dict[str, Any]) -> None:
        if message["type"] != "next" or "errors" in message["payload"]:
            self.problems.append(message)
            return
        (event,) = message["payload"]["data"].values()
        self.came[message["id"]].append(event)

    def ended(self) -> set[str]:
        """The kinds of jobs that came to a good end."""
        return {one["job"]["kind"] for one in self.came["jobs"] if one["job"]["state"] == "SUCCEEDED"}


@asynccontextmanager
async def listening(address: str, token: str) -> AsyncIterator[Listener]:
    listener = Listener()
    task = asyncio.create_task(listener.follow(address, token))
    try:
        async with asyncio.timeout(PATIENCE):
            await listener.opened.wait()
        yield listener
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@dataclass
class House:
    """One organization as its administrator uses it."""

    place: Installation
    graph: Graph
    token: str

    async def ask(self, query: str, **variables: Any) -> Any:
        """The one field that the query asks for."""
        (answer,) = (await self.graph.ask(query, self.token, **variables)).values()
        return answer

    async def do(self, name: str, wanted: str, /, **fields: Any) -> Any:
        """What the mutation made."""
        noun = name[0].upper() + name[1:]
        query = f"""mutation($input: {noun}Input!) {{ {name}(input: $input) {{
          ... on {noun}Success {{ {wanted} }} ... on UserError {{ message path }} }} }}"""
        answer = await self.ask(query, input=fields)
        assert "message" not in answer, answer
        return answer

    async def file(self, id: str) -> bytes:
        """An export once it is made, by its signed address and with no other right."""
        await until(lambda: self._is_made(id))
        async with httpx2.AsyncClient() as nobody:
            answer = await nobody.get((await self.ask(LINK, id=id))["url"])
        assert answer.status_code == 200
        return answer.content

    async def _is_made(self, id: str) -> bool:
        export = await self.ask(EXPORT, id=id)
        assert export["state"] != "FAILED", export
        return bool(export["state"] == "SUCCEEDED")


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110 - other processes bring it about
            await asyncio.sleep(0.1)


async def true_in(listener: Listener, feed: str, holds: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until an event of the feed fits."""

    async def has_come() -> bool:
        assert listener.problems == []
        return any(holds(event) for event in listener.came[feed])

    await until(has_come)


async def registered(place: Installation, graph: Graph, mailbox: Mailbox, name: str, company: str) -> House:
    house, email = House(place, graph, ""), f"{name.lower()}@example.com"
    fields = {"email": email, "password": "seven violet teapots drift", "name": name, "organizationName": company}
    await house.do("register", "sentTo", **fields)
    proof = {"token": await mailbox.code(email), "password": fields["password"]}
    opened = await house.do("verifyEmail", "session { accessToken }", **proof)
    return House(place, graph, opened["session"]["accessToken"])


async def imported(place: Installation, bill: Path) -> str:
    code, printed = await place.run("import-costs", "--organization", COMPANY, str(bill))
    assert code == 0, printed
    return printed


def bill_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def sums(rows: list[dict[str, str]], key: Callable[[Mapping[str, str]], str | None]) -> dict[str | None, Decimal]:
    """What was billed, by key, added up by hand."""
    found: dict[str | None, Decimal] = {}
    for row in rows:
        found[key(row)] = found.get(key(row), Decimal(0)) + Decimal(row["BilledCost"])
    return found


def tagged(row: Mapping[str, str]) -> str | None:
    """Whose row it is by its tag `environment`."""
    tags = json.loads(row["Tags"]) if row["Tags"] not in ("", "NULL") else {}
    return {"dev": "Development", "prod": "Production"}.get(tags.get("environment", ""))


async def test_a_bill_is_read_owed_watched_exported_and_stated(tmp_path: Path, shared: Path) -> None:
    bill = shared / "data" / "focus" / "focus_1_0_sample_a.csv.gz"
    if not bill.exists():
        pytest.skip("needs the sample of real rows in ../shared/data/focus")
    rows = bill_of(gzip.decompress(bill.read_bytes()).decode())
    port = free_port()
    with mail_server() as mail:
        variables = {"CLOUDWATCHER_SMTP_URL": mail.url, "SSL_CERT_FILE": str(authority_of(mail, tmp_path))}
        async with installation(tmp_path, port, **variables) as place, Graph.connected(place.address) as graph:
            mailbox = Mailbox(mail)
            house = await registered(place, graph, mailbox, "Kim", COMPANY)
            other = await registered(place, graph, mailbox, "Bo", OTHER)
            await nothing_is_there_yet(house)
            async with listening(place.address, house.token) as here, listening(place.address, other.token) as there:
                await imported(place, bill)
                await the_load_is_told_of(here, rows)
                await costs_are_those_of_the_file(house, rows)
                await every_cost_is_owed_by_somebody_or_nobody(house, rows)
                await a_budget_is_crossed(house, here)
                await anomalies_and_forecasts_answer(house, here)
                await the_bill_goes_out_as_it_came(house, rows)
                await the_month_is_stated(house, rows)
                assert "Nothing was new" in await imported(place, bill)
            await the_other_one_heard_and_sees_nothing(other, there)


async def nothing_is_there_yet(house: House) -> None:
    costs = await house.ask(COSTS, input=MONTH)
    anomalies = await house.ask(ANOMALIES)
    (no_forecast,) = await house.graph.refused(FORECAST, house.token)

    assert costs == {"groups": [], "total": {"columns": [{"total": "0"}]}}
    assert anomalies == {"totalCount": 0, "nodes": []}
    assert "There is no forecast yet" in no_forecast["message"]


async def the_load_is_told_of(here: Listener, rows: list[dict[str, str]]) -> None:
    await true_in(here, "costs", lambda event: event["update"]["lineCount"] == len(rows))

    accounts = {(row["ProviderName"], row["BillingAccountId"], row["BillingPeriodStart"]) for row in rows}
    assert [event["update"]["periodCount"] for event in here.came["costs"]] == [len(accounts)]


async def costs_are_those_of_the_file(house: House, rows: list[dict[str, str]]) -> None:
    """The sum, the sums of services, and the rows behind the sum."""
    services = sums(rows, lambda row: row["ServiceName"])
    grouped = {"groupBy": [{"dimension": "SERVICE"}], "top": 100}

    costs = await house.ask(COSTS, input={**MONTH, **grouped})
    lines, after = [], None
    while True:
        page = await house.ask(DRILL, filter=LINES, after=after)
        lines += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert Decimal(costs["total"]["columns"][0]["total"]) == sum(services.values())
    assert {one["values"][0]: Decimal(one["columns"][0]["total"]) for one in costs["groups"]} == services
    assert sum(Decimal(line["billed"]["amount"]) for line in lines) == sum(services.values())
    assert sorted(line["source"]["row"] for line in lines) == list(range(1, len(rows) + 1))
    assert {line["source"]["fileName"] for line in lines} == {"focus_1_0_sample_a.csv.gz"}


async def every_cost_is_owed_by_somebody_or_nobody(house: House, rows: list[dict[str, str]]) -> None:
    for name, alias in (("Development", "DEV"), ("Production", " Prod")):
        fields = {"kind": "ENVIRONMENT", "name": name, "aliases": [alias]}
        await house.do("createAllocationTarget", "target { id }", **fields)
    rule = {"name": "by environment", "take": {"byTag": {"key": "environment", "kind": "ENVIRONMENT"}}}
    saved = await house.do("saveAllocationRules", "rules { version }", reason="The first rules", rules=[rule])

    async def is_worked_out() -> bool:
        answer = await house.graph.send(COVERAGE, house.token)  # refused before the month was worked out once
        found = (answer.get("data") or {}).get("allocationCoverage")
        return bool(found and found["rulesVersion"] == saved["rules"]["version"])

    await until(is_worked_out)
    allocated = await house.ask(ALLOCATED, input=MONTH)

    wanted = sums(rows, tagged)
    assert {one["label"]: Decimal(one["columns"][0]["total"]) for one in allocated["groups"]} == wanted
    assert set(wanted) == {"Development", "Production", None}
    assert Decimal(allocated["total"]["columns"][0]["total"]) == sum(wanted.values())


def recent_bill(today: date) -> list[dict[str, str]]:
    """Ninety days of an account, all much alike but for yesterday, which cost four times as much."""
    rows = []
    for day in (today - timedelta(days=ago) for ago in range(90, -1, -1)):
        cost = "400" if day == today - timedelta(days=1) else f"{98 + day.toordinal() % 5}"
        after = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
        rows.append(
            focus_row(
                **dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost),
                BillingPeriodStart=f"{day:%Y-%m}-01T00:00:00Z",
                BillingPeriodEnd=f"{after}T00:00:00Z",
                ChargePeriodStart=f"{day}T00:00:00Z",
                ChargePeriodEnd=f"{day + timedelta(days=1)}T00:00:00Z",
            )
        )
    return rows


async def a_budget_is_crossed(house: House, here: Listener) -> None:
    """By a bill that reaches into this month."""
    fields = {"name": "Small", "amount": "50", "currency": "USD", "thresholds": [100]}
    await house.do("createBudget", "budget { id }", **fields)
    bill = write_csv(house.place.folder / "recent.csv", recent_bill(datetime.now(UTC).date()))

    await imported(house.place, bill)
    begun = time.monotonic()
    await true_in(here, "alerts", lambda event: event["alert"]["source"] == "BUDGET")

    assert time.monotonic() - begun < 60
    (alert,) = [one["alert"] for one in here.came["alerts"] if one["alert"]["source"] == "BUDGET"]
    assert "Small" in alert["title"]


async def anomalies_and_forecasts_answer(house: House, here: Listener) -> None:
    """Yesterday is odd. The forecast was made of the first bill, and says what that month lacks."""
    yesterday = f"{datetime.now(UTC).date() - timedelta(days=1)}"

    async def is_found() -> bool:
        return bool((await house.ask(ANOMALIES))["totalCount"])

    await until(is_found)
    await true_in(here, "jobs", lambda _: {"ALLOCATION", "FORECAST"} <= here.ended())
    (anomaly,) = (await house.ask(ANOMALIES))["nodes"]
    forecast = await house.ask(FORECAST)

    assert (anomaly["firstOn"], anomaly["serviceName"]) == (yesterday, "Amazon Elastic Compute Cloud")
    assert anomaly["summary"].startswith(f"400.00 USD on {yesterday} instead of ")
    assert (forecast["days"][0], len(forecast["days"]), forecast["isStale"]) == ("2024-10-01", 90, True)
    assert forecast["quality"] == "UNTESTED"
    assert "too few to test the forecast" in forecast["note"]


async def the_bill_goes_out_as_it_came(house: House, rows: list[dict[str, str]]) -> None:
    fields = {"format": "FOCUS_CSV", "focusVersion": "1.3", **MONTH}
    id = (await house.do("requestCostExport", "export { id }", **fields))["export"]["id"]

    out = bill_of(gzip.decompress(await house.file(id)).decode())

    assert Counter(map(identity, out)) == Counter(map(identity, rows))


def identity(row: Mapping[str, str]) -> tuple[Any, ...]:
    """What a row says, however it is written."""
    costs = (plain(row[f"{name}Cost"]) for name in ("Billed", "Effective", "List", "Contracted"))
    texts = ("ServiceName", "ChargeCategory", "ChargeDescription", "ResourceId", "SubAccountId", "RegionId", "SkuId")
    begins = datetime.fromisoformat(row["ChargePeriodStart"]).replace(tzinfo=UTC)
    return (*(Decimal(cost) if cost else None for cost in costs), begins, *(plain(row[name]) for name in texts))


def plain(text: str) -> str:
    """The text of a cell; the word NULL is an empty one."""
    return "" if text == "NULL" else text


async def the_month_is_stated(house: House, rows: list[dict[str, str]]) -> None:
    id = (await house.do("openStatement", "statement { id }", month="2024-09-01", kind="SHOWBACK"))["statement"]["id"]
    amounts = await house.ask(STATEMENT, id=id)
    closed = (await house.do("closeStatement", "statement { state versions { number } }", statementId=id))["statement"]
    fields = {"statementId": id, "format": "STATEMENT_PDF"}
    file = (await house.do("requestStatementFile", "export { id }", **fields))["export"]["id"]

    pages = pypdf.PdfReader(io.BytesIO(await house.file(file))).pages

    cents = f"{sum(sums(rows, tagged).values()):.2f}"
    assert [total["billed"]["amount"] for total in amounts["totals"]] == [cents]
    assert sum(Decimal(line["billed"]["amount"]) for line in amounts["lines"]) == Decimal(cents)
    assert {line["name"] for line in amounts["lines"]} >= {"Development", "Production"}
    assert closed == {"state": "CLOSED", "versions": [{"number": 1}]}
    printed = "\n".join(page.extract_text() for page in pages)
    assert [word for word in (COMPANY, "Development", "Production", cents) if word not in printed] == []


async def the_other_one_heard_and_sees_nothing(other: House, there: Listener) -> None:
    costs = await other.ask(COSTS, input=MONTH)

    assert there.came == {"costs": [], "alerts": [], "jobs": []}
    assert costs["groups"] == []
