"""A stand-in for BigQuery that runs what it is asked: its SQL, turned into DuckDB's by SQLGlot, over tables in memory.

Where the two engines write the same value in other letters, it writes them as BigQuery does.
"""

import json
import re
from datetime import datetime
from typing import Any

import duckdb
import sqlglot

from tests.fakes import google
from tests.fakes.scripted import Answered, Asked

INSTANT = re.compile(r'"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)"')
# Of a table that is partitioned by when rows came; no part of its rows.
CAME = "_PARTITIONTIME"
LABELS = "STRUCT(key VARCHAR, value VARCHAR)[]"
# Source: Cloud Billing, "Structure of Detailed data export", the columns that are read.
DETAILED = {
    "billing_account_id": "VARCHAR",
    "invoice": "STRUCT(month VARCHAR)",
    "cost_type": "VARCHAR",
    "service": "STRUCT(id VARCHAR, description VARCHAR)",
    "sku": "STRUCT(id VARCHAR, description VARCHAR)",
    "usage_start_time": "TIMESTAMP",
    "usage_end_time": "TIMESTAMP",
    "project": "STRUCT(id VARCHAR, name VARCHAR, number VARCHAR)",
    "labels": LABELS,
    "system_labels": LABELS,
    "location": "STRUCT(region VARCHAR)",
    "export_time": "TIMESTAMP",
    "cost": "DECIMAL(38, 9)",
    "cost_at_list": "DECIMAL(38, 9)",
    "currency": "VARCHAR",
    "currency_conversion_rate": "DOUBLE",
    "usage": "STRUCT(amount DOUBLE, unit VARCHAR, amount_in_pricing_units DOUBLE, pricing_unit VARCHAR)",
    "credits": "STRUCT(name VARCHAR, amount DECIMAL(38, 9), type VARCHAR)[]",
    CAME: "TIMESTAMP",
}


class BigQuery:
    """One table. `ran` are the queries, as they were asked. Rows go out `page` at a time."""

    def __init__(self, project: str, dataset: str, table: str, columns: dict[str, str], page: int = 2) -> None:
        self._name, self._columns, self._page_rows = f'"{project}"."{dataset}"."{table}"', columns, page
        self._database = duckdb.connect()
        self._database.execute(f"ATTACH ':memory:' AS \"{project}\"")
        self._database.execute(f'CREATE SCHEMA "{project}"."{dataset}"')
        written = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        self._database.execute(f"CREATE TABLE {self._name} ({written})")
        self._answers: dict[str, list[list[Any]]] = {}
        self.ran: list[str] = []

    def add(self, **row: Any) -> None:
        """A row; what is left out is NULL."""
        names = ", ".join(f'"{name}"' for name in row)
        cast = ", ".join(f"CAST(? AS {self._columns[name]})" for name in row)
        self._database.execute(f"INSERT INTO {self._name} ({names}) VALUES ({cast})", list(row.values()))

    def remove(self, where: str) -> None:
        self._database.execute(f"DELETE FROM {self._name} WHERE {where}")

    @property
    def answers(self) -> dict[str, Any]:
        """For the stand-in of Google Cloud."""
        path = "/bigquery/v2/projects/{project}/queries"
        project = {"projectId": google.PROJECT, "displayName": "Example"}
        return {"GET /v3/projects/{project}": project, f"POST {path}": self.query, f"GET {path}/{{job}}": self.results}

    def query(self, asked: Asked) -> Answered:
        self.ran.append(asked.json["query"])
        (meant,) = sqlglot.transpile(asked.json["query"], read="bigquery", write="duckdb")
        # NUMERIC has 29 digits before and nine after the point; DuckDB's own default has three.
        meant = meant.replace("AS DECIMAL)", "AS DECIMAL(38, 9))")
        given = {one["name"]: _value(one) for one in asked.json["queryParameters"]}
        used = {name: value for name, value in given.items() if f"${name}" in meant}
        rows = self._database.execute(meant, used).fetchall()
        job = f"job-{len(self.ran)}"
        self._answers[job] = [[_as_bigquery(value) for value in row] for row in rows]
        return self._page(job, 0)

    def results(self, asked: Asked) -> Answered:
        return self._page(asked.path.rpartition("/")[2], int(asked.query["pageToken"][0]))

    def _page(self, job: str, start: int) -> Answered:
        rows, end = self._answers[job], start + self._page_rows
        body: dict[str, Any] = {
            "jobReference": {"projectId": google.PROJECT, "jobId": job, "location": "EU"},
            "jobComplete": True,
            "rows": [{"f": [{"v": value} for value in row]} for row in rows[start:end]],
        }
        return Answered({**body, "pageToken": str(end)} if end < len(rows) else body)


def _value(parameter: dict[str, Any]) -> Any:
    text = parameter["parameterValue"]["value"]
    is_instant = parameter["parameterType"]["type"] == "TIMESTAMP"
    return datetime.fromisoformat(text.removesuffix(" UTC")) if is_instant else text


def _as_bigquery(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    text = INSTANT.sub(r'"\1T\2Z"', value)
    return re.sub(rf',?"{CAME}":(?:null|"[^"]*")', "", text) if CAME in json.loads(text) else text
