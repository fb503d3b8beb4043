"""The billing export in BigQuery, asked in SQL over its REST interface, through the guard of the account.

Rows come as one text of JSON each, which keeps amounts exact and needs no knowledge of BigQuery's own encoding. Source:
BigQuery REST reference, jobs.query and jobs.getQueryResults; "Structure of Detailed data export".
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.billing.feed import Fetched, Offer, TooLarge, months_back
from connectors.billing.fetched_csv import FocusCsv
from connectors.clouds.gcp import calling
from connectors.reading.listing import Operation, Place
from connectors.reading.source import Source
from domain.costs.sources import gcp_export
from domain.errors import Misshapen, Unavailable
from domain.facts.cost_source_settings import BigQueryLayout, BigQuerySettings

HOST = "bigquery.googleapis.com"
NEEDED = ("bigquery.jobs.create", "bigquery.tables.getData", "bigquery.tables.get")
QUERY = calling.call(
    "bigquery.v2:jobs.query", HOST, "POST /bigquery/v2/projects/{project}/queries", *NEEDED, is_one_page=True
)
RESULTS = calling.call(
    "bigquery.v2:jobs.getQueryResults",
    HOST,
    "GET /bigquery/v2/projects/{project}/queries/{jobId}",
    *NEEDED,
    is_one_page=True,
)
PAGE_ROWS, WAIT_MS = 5_000, 20_000
# A query over one month ends within a minute; one that takes so long is stuck.
MOST_WAITS = 30
# What a month has in each layout. An export of Google is partitioned by the day it was written, which is never before
# what it tells of: that bounds what a query reads and costs. A day more, since the table's days are not all in UTC.
MONTHS = {
    BigQueryLayout.DETAILED: (
        "SELECT invoice.month AS month, TO_JSON_STRING(STRUCT(COUNT(*) AS line_count, MAX(export_time) AS newest)) AS "
        "mark FROM {table} WHERE invoice.month >= @first AND _PARTITIONTIME >= @since GROUP BY month ORDER BY month"
    ),
    BigQueryLayout.FOCUS: (
        "SELECT FORMAT_TIMESTAMP('%Y%m', BillingPeriodStart) AS month, TO_JSON_STRING(STRUCT(COUNT(*) AS line_count, "
        "CAST(SUM(CAST(BilledCost AS NUMERIC)) AS STRING) AS billed, MAX(ChargePeriodEnd) AS newest)) AS mark "
        "FROM {table} WHERE BillingPeriodStart >= @since GROUP BY month HAVING month >= @first ORDER BY month"
    ),
}
LINES = {
    BigQueryLayout.DETAILED: (
        "SELECT TO_JSON_STRING(t) AS line FROM {table} AS t WHERE t.invoice.month = @first AND _PARTITIONTIME >= @since"
    ),
    BigQueryLayout.FOCUS: (
        "SELECT TO_JSON_STRING(t) AS line FROM {table} AS t WHERE t.BillingPeriodStart >= @since AND "
        "FORMAT_TIMESTAMP('%Y%m', t.BillingPeriodStart) = @first"
    ),
}


class BigQueryFeed:
    """One table. The project of the account runs the queries."""

    def __init__(self, source: Source, settings: BigQuerySettings, now: datetime, most_bytes: int) -> None:
        self._source, self._settings, self._most_bytes = source, settings, most_bytes
        self._place = Place(account_id="", region=None, now=now)
        self._table = f"`{settings.project}.{settings.dataset}.{settings.table}`"

    async def offers(self, known: Mapping[date, str], today: date) -> Sequence[Offer]:
        """See Feed. One small query tells which months have other rows than before."""
        first = months_back(today, self._settings.months)[0]
        sql = MONTHS[self._settings.layout].format(table=self._table)
        found = []
        async for rows in self._rows(sql, first):
            found += [Offer(_first_day(str(month)), str(mark)) for month, mark in rows]
        return [offer for offer in found if known.get(offer.month) != offer.mark]

    async def fetch(self, offer: Offer, folder: Path) -> Fetched:
        """See Feed. Raises TooLarge in the middle, when the rows turn out to be too many."""
        sql = LINES[self._settings.layout].format(table=self._table)
        size = 0
        with FocusCsv(folder / f"{offer.month:%Y-%m}.csv") as file:
            async for rows in self._rows(sql, offer.month):
                size += sum(len(line) for (line,) in rows)
                if size > self._most_bytes:
                    message = f"{offer.month:%Y-%m} has more than {self._most_bytes} bytes."
                    raise TooLarge(message, service=QUERY.service)
                await asyncio.to_thread(file.add, self._focus([line for (line,) in rows]))
        return Fetched(file.files, {self._table.strip("`"): offer.mark or ""}, size)

    def _focus(self, lines: Sequence[str]) -> Iterator[Mapping[str, str]]:
        rows = (json.loads(line, parse_float=Decimal) for line in lines)
        if self._settings.layout is BigQueryLayout.FOCUS:
            return ({name: _text(value) for name, value in row.items()} for row in rows)
        return iter(gcp_export.focus_rows(rows))

    async def _rows(self, sql: str, month: date) -> AsyncIterator[list[list[Any]]]:
        """The values of each page of the answer, as BigQuery's texts."""
        answer = await self._asked(sql, month)
        job = answer.get("jobReference") or {}
        for _ in range(MOST_WAITS):
            if answer.get("jobComplete"):
                break
            answer = await self._results(job, None)
        else:
            raise Unavailable("BigQuery takes too long for the query.", service=QUERY.service)
        while True:
            yield [_values(row) for row in answer.get("rows") or []]
            if not (token := answer.get("pageToken")):
                return
            answer = await self._results(job, token)

    async def _asked(self, sql: str, month: date) -> Mapping[str, Any]:
        since = f"{month - timedelta(days=1)} 00:00:00 UTC" if "_PARTITIONTIME" in sql else f"{month} 00:00:00 UTC"
        asked: dict[str, Any] = {
            "query": sql,
            "useLegacySql": False,
            "timeoutMs": WAIT_MS,
            "maxResults": PAGE_ROWS,
            "parameterMode": "NAMED",
            "queryParameters": [
                _parameter("first", "STRING", f"{month:%Y%m}"),
                _parameter("since", "TIMESTAMP", since),
            ],
        }
        if self._settings.location:
            asked["location"] = self._settings.location
        return await self._one(QUERY, asked)

    async def _results(self, job: Mapping[str, Any], token: str | None) -> Mapping[str, Any]:
        if not job.get("jobId"):
            raise Misshapen("BigQuery does not say which job runs the query.", service=QUERY.service)
        asked = {"jobId": job["jobId"], "timeoutMs": WAIT_MS, "maxResults": PAGE_ROWS}
        asked |= {name: value for name, value in (("location", job.get("location")), ("pageToken", token)) if value}
        return await self._one(RESULTS, asked)

    async def _one(self, operation: Operation, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        async for page in self._source.pages(operation, self._place, asked):
            if isinstance(page, dict):
                return page
        raise Misshapen("BigQuery does not answer as it should.", service=operation.service)


def _parameter(name: str, kind: str, value: str) -> dict[str, Any]:
    return {"name": name, "parameterType": {"type": kind}, "parameterValue": {"value": value}}


def _values(row: Any) -> list[Any]:
    try:
        return [field["v"] for field in row["f"]]
    except (KeyError, TypeError) as error:
        raise Misshapen("BigQuery answers with rows of another shape.", service=QUERY.service) from error


def _first_day(month: str) -> date:
    return date(int(month[:4]), int(month[4:6]), 1)


def _text(value: Any) -> str:
    """A value of FOCUS as text; nested ones, such as tags, stay JSON."""
    if value is None:
        return ""
    return json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
