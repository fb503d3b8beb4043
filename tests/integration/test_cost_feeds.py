"""Bills out of interfaces: each asked the way its vendor describes, and loaded to the cent.

Cost Explorer is moto's; Azure, Google and DigitalOcean are scripted, and what they were asked is held against the
vendors' own descriptions.
"""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

import documents
from app.wiring import Backend
from connectors.billing.feed import asked_months, months_back
from connectors.guard import Guards
from domain.facts.cost_source import CostSourceKind
from domain.facts.credentials import DigitalOceanCredentials
from tests.factories.cost_source import NOW, fetch, make_source, rows_of
from tests.factories.costs import total
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes import azure, google
from tests.fakes.aws import Moto, credentials
from tests.fakes.described import described
from tests.fakes.scripted import Answered, Asked, Scripted, scripted

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
TEAM = "team-1"


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    with Moto().served() as account:
        account.reset()
        yield account


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def at_once(_: float) -> None:
    """Nobody waits in a test."""


async def fetched(backend: Backend, source: Any) -> Any:
    return await fetch(backend, source, now=lambda: NOW, guards=Guards(sleep=at_once))


def broken(asked: list[Asked], spec: Path, part: str) -> list[str]:
    """What a vendor's description finds wrong with the requests whose path has this part; there is at least one."""
    told = [one for one in asked if part in one.path]
    assert told != []
    return [
        problem
        for one in told
        for problem in described(spec).problems(
            one.method, one.path, one.query, json.loads(one.text) if one.text else None
        )
    ]


def spent(start: str, end: str, *groups: tuple[str, str, str]) -> dict[str, Any]:
    """An answer of GetCostAndUsage: account, service and amount of one day."""
    return {
        "GroupDefinitions": [{"Type": "DIMENSION", "Key": name} for name in ("LINKED_ACCOUNT", "SERVICE")],
        "ResultsByTime": [
            {
                "TimePeriod": {"Start": start, "End": end},
                "Total": {},
                "Estimated": True,
                "Groups": [
                    {
                        "Keys": [account, service],
                        "Metrics": {
                            "UnblendedCost": {"Amount": amount, "Unit": "USD"},
                            "AmortizedCost": {"Amount": amount, "Unit": "USD"},
                            "UsageQuantity": {"Amount": "3", "Unit": "N/A"},
                        },
                    }
                    for account, service, amount in groups
                ],
            }
        ],
        "DimensionValueAttributes": [],
    }


async def test_cost_explorer_is_asked_for_two_months_and_loaded_to_the_cent(backend, tenant, moto):
    answers = [
        spent("2026-10-02", "2026-10-03", ("777700001111", "Amazon Simple Storage Service", "1.0000000001")),
        spent("2026-11-02", "2026-11-03", ("777700001111", "AWS Lambda", "2.25"), ("777700002222", "Tax", "0.75")),
    ]
    seeded = httpx2.post(f"{moto.url}/moto-api/static/ce/cost-and-usage-results", json={"results": answers}, timeout=30)
    assert seeded.status_code == 201
    moto.asked.clear()
    source = await make_source(backend, tenant, CostSourceKind.AWS_COST_EXPLORER, credentials(moto.url), {})

    said, now = await fetched(backend, source)

    assert said == "2 months loaded"
    assert await total(tenant) == Decimal("4.0000000001")
    assert moto.asked.count("ce.GetCostAndUsage") == 2  # at 0.01 USD each
    assert [(one.month, one.line_count) for one in now.months] == [("2026-11", 2), ("2026-10", 1)]

    said, _ = await fetched(backend, source)

    assert said == "0 months loaded"


def table(*rows: list[Any]) -> dict[str, Any]:
    """An answer of Cost Management's query."""
    names = ("Cost", "UsageDate", "ServiceName", "ResourceGroupName", "Currency")
    columns = [{"name": name, "type": "Number" if name in names[:2] else "String"} for name in names]
    return {"properties": {"nextLink": None, "columns": columns, "rows": list(rows)}}


def of_azure(asked: Asked) -> Answered | None:
    if not asked.path.endswith("/query"):
        return None
    question = asked.json
    if not question["timePeriod"]["from"].startswith("2026-11"):
        return Answered(table())
    amount = {"ActualCost": 12.5, "AmortizedCost": 10.25}[question["type"]]
    return Answered(table([amount, 20261103, "Virtual Machines", "web", "EUR"]))


async def test_cost_management_tells_what_is_billed_and_what_takes_effect(backend, tenant, shared):
    with scripted(azure.House(of_azure)) as house:
        source = await make_source(
            backend, tenant, CostSourceKind.AZURE_COST_MANAGEMENT, azure.credentials(house.url), {}
        )
        said, _ = await fetched(backend, source)

    assert said == "1 months loaded"
    (period,) = await documents.CostPeriod.list_in(tenant.scope, {})
    assert (period.billed, period.currency) == (Decimal("12.5"), "EUR")
    assert sum(one.effective for one in period.totals) == Decimal("10.25")
    assert broken(house.asked, shared / "specs" / "azure.json", "CostManagement") == []


async def test_a_subscription_without_the_role_is_told_which_one(backend, tenant):
    refusal = azure.refused("AuthorizationFailed", "The client does not have authorization to perform action "
                            "'Microsoft.CostManagement/query/read' over scope 'x'.")  # fmt: skip
    with scripted(azure.House(lambda asked: refusal if asked.path.endswith("/query") else None)) as house:
        source = await make_source(
            backend, tenant, CostSourceKind.AZURE_COST_MANAGEMENT, azure.credentials(house.url), {}
        )
        said, _ = await fetched(backend, source)

    assert "the permission Microsoft.CostManagement/query/read is missing" in said


def exported(month: str, cost: str, day: str) -> str:
    """A row of the detailed export, as TO_JSON_STRING writes it: amounts are numbers with all their digits."""
    row = {
        "billing_account_id": "010101-ABCDEF-020202",
        "invoice": {"month": month},
        "cost_type": "regular",
        "service": {"id": "6F81-5844-456A", "description": "Compute Engine"},
        "sku": {"id": "D973", "description": "N2 core"},
        "usage_start_time": f"{day}T00:00:00Z",
        "usage_end_time": f"{day}T01:00:00Z",
        "project": {"id": "shop", "name": "Shop", "number": "7"},
        "labels": [],
        "system_labels": [],
        "location": {"region": "europe-west1"},
        "export_time": f"{day}T08:00:00Z",
        "cost": "COST",
        "cost_at_list": "COST",
        "currency": "EUR",
        "currency_conversion_rate": 1.0,
        "usage": {"amount": 3600.0, "unit": "seconds", "amount_in_pricing_units": 1.0, "pricing_unit": "hour"},
        "credits": [],
    }
    return json.dumps(row).replace('"COST"', cost)


class BigQuery:
    """Answers as jobs.query and getQueryResults do, in pages; `marks` and `lines` by month."""

    def __init__(self, lines: dict[str, list[str]]) -> None:
        self.lines = lines
        self.is_slow = False

    def query(self, asked: Asked) -> Answered:
        text = asked.json["query"]
        month = next(one["parameterValue"]["value"] for one in asked.json["queryParameters"] if one["name"] == "first")
        if "GROUP BY" in text:
            return self._page([[month, f"{len(lines)} {sum(map(len, lines))}"] for month, lines in self.lines.items()])
        if self.is_slow:
            return Answered({"jobReference": {"jobId": month, "location": "EU"}, "jobComplete": False})
        return self._page([[self.lines[month][0]]], f"{month}-1" if len(self.lines[month]) > 1 else None, month)

    def results(self, asked: Asked) -> Answered:
        month = asked.path.rpartition("/")[2]
        rows = self.lines[month][1:] if "pageToken" in asked.query else self.lines[month]
        return self._page([[row] for row in rows], None, month)

    def _page(self, rows: list[list[Any]], token: str | None = None, job: str = "m") -> Answered:
        body: dict[str, Any] = {
            "jobReference": {"projectId": google.PROJECT, "jobId": job, "location": "EU"},
            "jobComplete": True,
            "rows": [{"f": [{"v": value} for value in row]} for row in rows],
        }
        return Answered({**body, "pageToken": token} if token else body)

    @property
    def answers(self) -> dict[str, Any]:
        path = "/bigquery/v2/projects/{project}/queries"
        project = {"projectId": google.PROJECT, "displayName": "Example"}
        return {
            "GET /v3/projects/{project}": project,
            f"POST {path}": self.query,
            f"GET {path}/{{job}}": self.results,
        }


TABLE = {"project": "billing-project", "dataset": "billing", "table": "gcp_billing_export_resource_v1_010101"}


async def bigquery(backend: Backend, tenant: Tenant, house: Scripted, **more: Any) -> Any:
    return await make_source(
        backend, tenant, CostSourceKind.GCP_BIGQUERY, google.credentials(house.url), {**TABLE, **more}
    )


async def test_the_table_is_asked_for_the_months_that_have_other_rows(backend, tenant, shared):
    peer = BigQuery(
        {
            "202610": [exported("202610", "1.000000001", "2026-10-02"), exported("202610", "2.5", "2026-10-03")],
            "202611": [exported("202611", "4", "2026-11-02")],
        }
    )
    with google.google(peer.answers) as house:
        source = await bigquery(backend, tenant, house)
        first, now = await fetched(backend, source)
        peer.lines["202611"].append(exported("202611", "8", "2026-11-03"))
        second, _ = await fetched(backend, source)
        third, _ = await fetched(backend, source)

    assert (first, second, third) == ("2 months loaded", "1 months loaded", "0 months loaded")
    assert await total(tenant) == Decimal("15.500000001")
    assert now.newest_charge_on.date() == date(2026, 11, 2)
    assert broken(house.asked, shared / "specs" / "gcp.json", "/bigquery/") == []


async def test_a_query_that_takes_longer_is_waited_for(backend, tenant):
    peer = BigQuery({"202611": [exported("202611", "4", "2026-11-02")]})
    peer.is_slow = True
    with google.google(peer.answers) as house:
        said, _ = await fetched(backend, await bigquery(backend, tenant, house))

    assert said == "1 months loaded"


async def test_a_view_in_focus_is_taken_as_it_is(backend, tenant):
    row = {**rows_of("2026-11", "7.5")[0], "Tags": {"team": "web"}, "ChargeClass": None}
    peer = BigQuery({"202611": [json.dumps(row)]})
    with google.google(peer.answers) as house:
        said, _ = await fetched(backend, await bigquery(backend, tenant, house, layout="FOCUS"))

    assert said == "1 months loaded"
    assert await total(tenant) == Decimal("7.5")


async def test_a_table_that_may_not_be_read_is_told_with_the_permission(backend, tenant):
    error = {"error": {"code": 403, "message": "Access Denied", "errors": [{"reason": "accessDenied"}]}}
    with google.google({"POST /bigquery/v2/projects/{project}/queries": Answered(error, 403)}) as house:
        said, now = await fetched(backend, await bigquery(backend, tenant, house))

    assert "bigquery.tables.getData" in said
    assert now.tries == 1


def token_of(house: Scripted) -> DigitalOceanCredentials:
    return DigitalOceanCredentials(token=SecretStr("dop_v1_x"), endpoint_url=house.url)


def of_digitalocean(state: dict[str, Any]) -> Any:
    def script(asked: Asked) -> Answered:
        if asked.path == "/v2/account":
            team = {"uuid": TEAM, "name": "Shop"}
            return Answered({"account": {"uuid": "u", "email": "ops@example.com", "team": team}})
        if asked.path == "/v2/customers/my/invoices":
            return Answered({"invoices": state["invoices"], "invoice_preview": state["preview"], "links": {}})
        if "/insights/" in asked.path:
            points = [point for point in state["points"] if point["start_date"][:7] == asked.path.split("/")[-1][:7]]
            return Answered({"data_points": points, "current_page": 1, "total_pages": 1, "total_items": len(points)})
        return Answered({"invoice_items": state["items"][asked.path.rpartition("/")[2]], "links": {}})

    return script


def item(amount: str, month: str) -> dict[str, str]:
    return {
        "product": "Droplets",
        "resource_uuid": "r-1",
        "resource_id": "1",
        "group_description": "",
        "description": "web-1 (s-1vcpu-1gb)",
        "amount": amount,
        "duration": "24",
        "duration_unit": "Hours",
        "start_time": f"{month}-02T00:00:00Z",
        "end_time": f"{month}-03T00:00:00Z",
        "project_name": "shop",
    }


async def test_invoices_come_with_their_items_and_the_preview_until_it_is_made_out(backend, tenant, shared):
    state: dict[str, Any] = {
        "invoices": [{"invoice_uuid": "i-10", "amount": "3.10", "invoice_period": "2026-10"}],
        "preview": {"invoice_uuid": "preview", "amount": "1.05", "invoice_period": "2026-11"},
        "items": {"i-10": [item("3.00", "2026-10"), item("0.10", "2026-10")], "preview": [item("1.05", "2026-11")]},
    }
    with scripted(of_digitalocean(state)) as house:
        source = await make_source(backend, tenant, CostSourceKind.DIGITALOCEAN_INVOICES, token_of(house), {})
        first, _ = await fetched(backend, source)
        state["preview"] = {**state["preview"], "amount": "2.05"}
        state["items"]["preview"].append(item("1.00", "2026-11"))
        second, _ = await fetched(backend, source)
        asked = len(house.asked)
        third, _ = await fetched(backend, source)

    assert (first, second, third) == ("2 months loaded", "1 months loaded", "0 months loaded")
    assert await total(tenant) == Decimal("5.15")
    assert len(house.asked) - asked == 2  # who it is, and the list
    assert broken(house.asked, shared / "specs" / "digitalocean.json", "/invoices") == []


async def test_insights_are_daily_and_the_same_again_changes_nothing(backend, tenant, shared):
    point = {
        "usage_team_urn": f"do:team:{TEAM}",
        "start_date": "2026-11-04",
        "total_amount": "0.86",
        "region": "fra1",
        "sku": "1-DO-DROP-0109",
        "description": "droplet (s-1vcpu-1gb)",
        "group_description": "",
    }
    state = {"points": [point, {**point, "start_date": "2026-10-04", "total_amount": "0.14"}]}
    with scripted(of_digitalocean(state)) as house:
        source = await make_source(backend, tenant, CostSourceKind.DIGITALOCEAN_INSIGHTS, token_of(house), {})
        first, _ = await fetched(backend, source)
        second, _ = await fetched(backend, source)

    assert (first, second) == ("2 months loaded", "0 months loaded")
    assert await total(tenant) == Decimal("1.00")
    assert broken(house.asked, shared / "specs" / "digitalocean.json", "/insights/") == []


async def test_an_answer_of_another_shape_is_no_bug_of_ours(backend, tenant):
    state = {"points": [{"start_date": "2026-11", "total_amount": "0.86"}]}
    with scripted(of_digitalocean(state)) as house:
        source = await make_source(backend, tenant, CostSourceKind.DIGITALOCEAN_INSIGHTS, token_of(house), {})
        said, _ = await fetched(backend, source)

    assert said.startswith("The answer for 2026-11 is not as its provider describes it")


async def test_a_throttled_interface_is_asked_again_when_it_says(backend, tenant):
    with scripted(lambda _: Answered({"id": "too_many_requests"}, 429, {"Retry-After": "3600"})) as house:
        source = await make_source(backend, tenant, CostSourceKind.DIGITALOCEAN_INVOICES, token_of(house), {})
        said, now = await fetched(backend, source)

    assert said.startswith("DigitalOcean asks for fewer calls")
    assert (now.next_fetch_at - NOW).total_seconds() == 3600
    assert await documents.Alert.count_in(tenant.scope, {}, cap=10) == 0


def test_the_first_look_goes_back_as_far_as_was_chosen_and_later_ones_two_months() -> None:
    today = date(2026, 1, 15)

    assert months_back(today, 3) == [date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1)]
    assert asked_months({}, today, 3) == months_back(today, 3)
    assert asked_months(dict.fromkeys(months_back(today, 3), ""), today, 3) == months_back(today, 2)
