"""Saved views and rates over the graph: who may keep, share, see and change them, and what they show."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.wiring import Backend
from documents import CostView, Role
from documents import cost_view as views
from documents.audit import AuditEntry
from documents.base import utc_now
from domain.costs.view import ViewQuestion
from tests.factories.costs import load
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant

ERRORS = "... on UserError { message code path }"
VIEW = "id name owner isShared version question { period grain groupBy { dimension tag } filters { values } }"
CREATE = f"""mutation($input: CreateCostViewInput!) {{ createCostView(input: $input) {{
  __typename ... on CreateCostViewSuccess {{ view {{ {VIEW} }} }} {ERRORS} }} }}"""
UPDATE = f"""mutation($input: UpdateCostViewInput!) {{ updateCostView(input: $input) {{
  __typename ... on UpdateCostViewSuccess {{ view {{ {VIEW} }} }} {ERRORS} }} }}"""
DELETE = f"""mutation($input: DeleteCostViewInput!) {{ deleteCostView(input: $input) {{
  __typename ... on DeleteCostViewSuccess {{ view {{ id }} }} {ERRORS} }} }}"""
LIST = "{ costViews { totalCount nodes { id name } } }"
SHOW = """query($id: ID!) { costView(id: $id) { view { name } series { currency periods total { columns { total } }
  groups { values } } } }"""
SET = f"""mutation($input: SetExchangeRatesInput!) {{ setExchangeRates(input: $input) {{
  __typename ... on SetExchangeRatesSuccess {{ result {{ setCount unchangedCount }} }} {ERRORS} }} }}"""
REMOVE = f"""mutation($input: RemoveExchangeRateInput!) {{ removeExchangeRate(input: $input) {{
  __typename ... on RemoveExchangeRateSuccess {{ exchangeRate {{ isCurrent endedBy }} }} {ERRORS} }} }}"""
RATES = "{ exchangeRates { nodes { id fromCurrency toCurrency fromDay rate note setBy isCurrent endedAt } } }"
CONVERTED = """query($input: CostsInput!) { costs(input: $input) { currency conversions { currency days rates }
  total { columns { total } original { currency columns { total amounts } } } } }"""
BY_TEAM = {"period": "LAST_30_DAYS", "grain": "MONTH", "groupBy": [{"tag": "team"}]}


async def create(graph: Graph, who: Tenant, **fields: Any) -> dict[str, Any]:
    chosen = {"name": "by team", "question": BY_TEAM, **fields}
    made: dict[str, Any] = (await graph.ask(CREATE, who.token, input=chosen))["createCostView"]
    return made


async def names(graph: Graph, who: Tenant) -> list[str]:
    found = (await graph.ask(LIST, who.token))["costViews"]
    assert found["totalCount"] == len(found["nodes"])
    return [one["name"] for one in found["nodes"]]


async def test_a_view_shows_the_costs_of_its_days_as_of_today(graph: Graph, backend: Backend, tmp_path) -> None:
    tenant = await make_tenant(backend, role=Role.USER)
    yesterday = utc_now().date() - timedelta(days=1)
    month = yesterday.replace(day=1)
    days = {
        "BillingPeriodStart": f"{month}",
        "BillingPeriodEnd": f"{(month + timedelta(days=31)).replace(day=1)}",
        "ChargePeriodStart": f"{yesterday}",
        "ChargePeriodEnd": f"{yesterday + timedelta(days=1)}",
    }
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(**days), focus_row(Tags="", **days)]))
    made = (await create(graph, tenant))["view"]

    shown = (await graph.ask(SHOW, tenant.token, id=made["id"]))["costView"]

    assert shown["view"] == {"name": "by team"}
    assert sorted(group["values"] for group in shown["series"]["groups"] if group["values"][0]) == [["web"]]
    assert Decimal(shown["series"]["total"]["columns"][0]["total"]) == Decimal("2.5")
    assert made["question"]["groupBy"] == [{"dimension": None, "tag": "team"}]


async def test_what_one_keeps_nobody_else_sees_until_it_is_shared(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    user = await add_member(backend, admin.organization, Role.USER)
    mine = (await create(graph, user, name="mine"))["view"]
    theirs = (await create(graph, admin, name="shared", isShared=True))["view"]
    hidden = (await create(graph, admin, name="hidden"))["view"]

    assert await names(graph, user) == ["mine", "shared"]
    assert await names(graph, admin) == ["hidden", "shared"]
    (refusal,) = await graph.refused(SHOW, user.token, id=hidden["id"])
    assert refusal["extensions"]["code"] == "NOT_FOUND"
    node = await graph.send("query($id: ID!) { node(id: $id) { id } }", admin.token, id=mine["id"])
    assert node["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert (await graph.ask(SHOW, user.token, id=theirs["id"]))["costView"]["view"]["name"] == "shared"
    deleted = await graph.ask(DELETE, admin.token, input={"costViewId": mine["id"]})
    assert deleted["deleteCostView"]["code"] == "NOT_FOUND"


async def test_sharing_takes_the_right_to_manage_costs(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    user = await add_member(backend, admin.organization, Role.USER)
    shared = (await create(graph, admin, name="shared", isShared=True))["view"]
    own = (await create(graph, user, name="own"))["view"]

    for query, fields in (
        (CREATE, {"name": "other", "question": BY_TEAM, "isShared": True}),
        (UPDATE, {"costViewId": own["id"], "isShared": True}),
        (UPDATE, {"costViewId": shared["id"], "name": "renamed"}),
        (DELETE, {"costViewId": shared["id"]}),
    ):
        (refusal,) = await graph.refused(query, user.token, input=fields)
        assert refusal["extensions"]["code"] == "FORBIDDEN"
    renamed = await graph.ask(UPDATE, user.token, input={"costViewId": own["id"], "name": "still mine"})
    assert renamed["updateCostView"]["view"]["name"] == "still mine"


async def test_a_view_is_changed_from_the_version_one_saw(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    made = (await create(graph, tenant))["view"]
    change = {"costViewId": made["id"], "question": {"period": "LAST_MONTH"}, "expectedVersion": 1}

    first = (await graph.ask(UPDATE, tenant.token, input=change))["updateCostView"]["view"]
    again = (await graph.ask(UPDATE, tenant.token, input=change))["updateCostView"]
    nothing = (await graph.ask(UPDATE, tenant.token, input={"costViewId": made["id"]}))["updateCostView"]

    assert (first["version"], first["question"]["period"], first["question"]["groupBy"]) == (2, "LAST_MONTH", [])
    assert (again["code"], nothing["message"]) == ("CONFLICT", "Say what to change.")
    assert (await graph.ask(DELETE, tenant.token, input={"costViewId": made["id"]}))["deleteCostView"]["view"]
    assert await names(graph, tenant) == []


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"grain": "DAY"}, "Name either a period, or first and until"),
        ({"first": "2026-02-01", "until": "2026-01-01"}, "first must come before until"),
        ({"period": "LAST_30_DAYS", "grain": "HOUR"}, "By the hour ask for at most 14 days"),
    ],
)
async def test_a_question_that_could_not_be_answered_is_not_kept(graph: Graph, backend, question, message) -> None:
    tenant = await make_tenant(backend)

    refused = await create(graph, tenant, question=question)

    assert refused["__typename"] == "ValidationError"
    assert message in refused["message"]


async def test_names_are_unique_among_ones_own_views(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    other = await add_member(backend, tenant.organization, Role.USER)
    second = (await create(graph, tenant, name="second"))["view"]
    await create(graph, tenant)

    taken = [
        await create(graph, tenant),
        (await graph.ask(UPDATE, tenant.token, input={"costViewId": second["id"], "name": "by team"}))[
            "updateCostView"
        ],
    ]

    assert {one["message"] for one in taken} == {"You have a view called by team already: choose another name."}
    assert (await create(graph, other))["view"]["name"] == "by team"


async def test_the_views_of_a_person_are_bounded(graph: Graph, backend: Backend, monkeypatch) -> None:
    tenant = await make_tenant(backend)
    await create(graph, tenant)
    view = CostView(org_id=tenant.organization.id, name="next", owner=f"user:{tenant.user.id}", question=ViewQuestion())
    monkeypatch.setattr(views, "MOST_VIEWS", 1)

    async def change(tx: Any) -> None:
        await views.add_view(view, tx.session)

    with pytest.raises(Exception, match="which is the most"):
        await backend.writer.commit(change)


async def test_rates_are_set_and_removed_and_answers_follow_at_once(graph: Graph, backend: Backend, tmp_path) -> None:
    tenant = await make_tenant(backend)
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row()]))
    asked = {"first": "2026-09-01", "until": "2026-09-04", "convertTo": "EUR"}
    rate = {"fromCurrency": "USD", "toCurrency": "EUR", "fromDay": "2026-09-01", "rate": "0.8"}

    (lacking,) = await graph.refused(CONVERTED, tenant.token, input=asked)
    done = (await graph.ask(SET, tenant.token, input={"rates": [rate]}))["setExchangeRates"]["result"]
    before = (await graph.ask(CONVERTED, tenant.token, input=asked))["costs"]
    text = "from,to,day,rate,note\nUSD,EUR,2026-09-02,0.5,ECB\nUSD,EUR,2026-09-01,0.8,\n"
    again = (await graph.ask(SET, tenant.token, input={"csv": text}))["setExchangeRates"]["result"]
    after = (await graph.ask(CONVERTED, tenant.token, input=asked))["costs"]

    assert "no rate from USD to EUR on 2026-09-02" in lacking["message"]
    assert (done, again) == ({"setCount": 1, "unchangedCount": 0}, {"setCount": 1, "unchangedCount": 1})
    assert Decimal(before["total"]["columns"][0]["total"]) == Decimal("1.25") * Decimal("0.8")
    assert Decimal(after["total"]["columns"][0]["total"]) == Decimal("1.25") * Decimal("0.5")
    (original,) = after["total"]["original"]
    assert (original["currency"], Decimal(original["columns"][0]["total"])) == ("USD", Decimal("1.25"))
    (used,) = after["conversions"]
    assert (used["days"], [Decimal(one) for one in used["rates"]]) == (
        ["2026-09-01", "2026-09-02"],
        [Decimal("0.8"), Decimal("0.5")],
    )
    newest = (await graph.ask(RATES, tenant.token))["exchangeRates"]["nodes"][0]
    assert (newest["fromDay"], newest["note"], newest["setBy"]) == ("2026-09-02", "ECB", f"user:{tenant.user.id}")
    removed = await graph.ask(REMOVE, tenant.token, input={"exchangeRateId": newest["id"]})
    assert removed["removeExchangeRate"]["exchangeRate"] == {"isCurrent": False, "endedBy": f"user:{tenant.user.id}"}
    once_more = (await graph.ask(CONVERTED, tenant.token, input=asked))["costs"]
    assert once_more["total"] == before["total"]
    twice = (await graph.ask(REMOVE, tenant.token, input={"exchangeRateId": newest["id"]}))["removeExchangeRate"]
    assert twice["code"] == "CONFLICT"
    entries = await AuditEntry.list_in(tenant.scope, {"action": {"$in": ["exchange_rate.set", "exchange_rate.remove"]}})
    assert len(entries) == 4  # the refused removal is written down, too


@pytest.mark.parametrize(
    ("input", "message"),
    [
        ({}, "Give either rates or csv."),
        ({"csv": "from,to,day,rate\nUSD,EUR,2026-09-01,0.9\nUSD,EUR,soon,1\n"}, "Line 3: 'soon' is not a day"),
        (
            {"rates": [{"fromCurrency": "USD", "toCurrency": "USD", "fromDay": "2026-09-01", "rate": "1"}]},
            "USD to itself needs no rate",
        ),
    ],
)
async def test_rates_with_a_fault_are_refused_and_none_is_set(graph: Graph, backend, input, message) -> None:
    tenant = await make_tenant(backend)

    refused = (await graph.ask(SET, tenant.token, input=input))["setExchangeRates"]

    assert refused["__typename"] == "ValidationError"
    assert message in refused["message"]
    assert (await graph.ask(RATES, tenant.token))["exchangeRates"]["nodes"] == []


async def test_a_user_reads_rates_and_does_not_set_them(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    user = await add_member(backend, admin.organization, Role.USER)
    await graph.ask(SET, admin.token, input={"csv": "from,to,day,rate\nUSD,EUR,2026-09-01,0.9\n"})
    stranger = await make_tenant(backend)

    (rate,) = (await graph.ask(RATES, user.token))["exchangeRates"]["nodes"]
    (refusal,) = await graph.refused(SET, user.token, input={"csv": "from,to,day,rate\nUSD,EUR,2026-09-02,1\n"})
    foreign = await graph.ask(REMOVE, stranger.token, input={"exchangeRateId": rate["id"]})

    assert datetime.fromisoformat(rate["fromDay"]).replace(tzinfo=UTC) == datetime(2026, 9, 1, tzinfo=UTC)
    assert refusal["extensions"]["code"] == "FORBIDDEN"
    assert foreign["removeExchangeRate"]["code"] == "NOT_FOUND"
    assert (await graph.ask(RATES, stranger.token))["exchangeRates"]["nodes"] == []
