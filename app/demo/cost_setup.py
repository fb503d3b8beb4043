"""What Client One has said of its costs: teams and rules, a budget, a metric, a rate, and when a commitment ends."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zlib import crc32

from app.cli.client import GraphClient
from app.demo.cloud_catalog import AWS, AZURE, ENVIRONMENTS, SUPPORT
from app.demo.cloud_use import days_of
from app.demo.focus_rows import commitment_of
from app.demo.state import CLIENTS
from domain.errors import CloudWatcherError

TEAMS = tuple(environment.team for environment in ENVIRONMENTS)
BUDGET = "Azure usage"
METRIC = "Orders"
# A metric of thirteen months, like the bills.
_METRIC_DAYS = 395
_ORDERS = 1_800
_ENDS_IN = timedelta(days=75)
_MADE = {
    "createAllocationTarget": "target { id }",
    "saveAllocationRules": "rules { version }",
    "createBudget": "budget { id }",
    "setExchangeRates": "result { setCount }",
    "setCommitmentTerm": "term { id }",
    "createBusinessMetric": "metric { id }",
    "recordMetric": "record { recorded }",
}
STANDING = """query DemoStanding { businessMetrics(first: 100) { nodes { name } }
  allocationTargets(first: 100) { nodes { id name } } budgets(first: 100) { nodes { name } } }"""
SPENT = "query DemoSpent($input: CostsInput!) { costs(input: $input) { total { columns { total } } } }"


async def set_up_costs(graph: GraphClient, token: str, today: date) -> None:
    """Say what was not said yet; an earlier start may have been cut off anywhere. Raises CloudWatcherError."""
    standing = await graph.ask(STANDING, {}, token)
    if METRIC in _names(standing["businessMetrics"]):
        return
    teams = {node["name"]: node["id"] for node in standing["allocationTargets"]["nodes"]}
    for name in TEAMS:
        if name not in teams:
            fields = {"kind": "TEAM", "name": name, "aliases": [f"{name} team"]}
            teams[name] = (await _said(graph, token, "createAllocationTarget", fields))["target"]["id"]
    await _said(graph, token, "saveAllocationRules", {"reason": "The demo's rules", "rules": _rules(teams)})
    if BUDGET not in _names(standing["budgets"]):
        await _said(graph, token, "createBudget", await _budget(graph, token, today))
    await _said(graph, token, "setExchangeRates", {"rates": [_rate(today)]})
    term = {"nativeId": commitment_of(CLIENTS[0], AWS), "name": "Compute commitment", "endsOn": f"{today + _ENDS_IN}"}
    await _said(graph, token, "setCommitmentTerm", term)
    metric = await _said(graph, token, "createBusinessMetric", {"name": METRIC, "unit": "order", "gathering": "SUM"})
    await _said(graph, token, "recordMetric", {"metricId": metric["metric"]["id"], "points": _orders(today)})


async def _said(graph: GraphClient, token: str, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    kind = name[0].upper() + name[1:]
    mutation = f"""mutation Demo{kind}($input: {kind}Input!) {{ {name}(input: $input) {{
      ... on {kind}Success {{ {_MADE[name]} }} ... on UserError {{ message }} }} }}"""
    answer: dict[str, Any] = (await graph.ask(mutation, {"input": fields}, token))[name]
    if "message" in answer:
        raise CloudWatcherError(f"The demo's costs could not be set up: {answer['message']}")
    return answer


def _names(connection: dict[str, Any]) -> set[str]:
    return {node["name"] for node in connection["nodes"]}


def _rules(teams: dict[str, str]) -> list[dict[str, Any]]:
    """Tags first, however they are spelt; support by what each team got; what has no tag stays with nobody."""
    support = {"dimensions": [{"dimension": "SERVICE", "values": [SUPPORT]}]}
    tax = {"dimensions": [{"dimension": "CHARGE_CATEGORY", "values": ["Tax"]}]}
    return [
        {"name": "by team", "take": {"byTag": {"key": "team", "kind": "TEAM"}}},
        {"name": "support", "where": support, "take": {"proportion": {}}},
        {"name": "tax", "where": tax, "take": {"evenly": list(teams.values())}},
    ]


async def _budget(graph: GraphClient, token: str, today: date) -> dict[str, Any]:
    """A little above last month's usage of Azure, so that the forecast comes close to it."""
    where = [
        {"dimension": "PROVIDER", "values": [AZURE.provider]},
        {"dimension": "CHARGE_CATEGORY", "values": ["Usage"]},
    ]
    last = days_of((today.replace(day=1) - timedelta(days=1)).replace(day=1))
    span = {"first": f"{last[0]}", "until": f"{last[-1] + timedelta(days=1)}", "grain": "MONTH", "dimensions": where}
    spent = (await graph.ask(SPENT, {"input": span}, token))["costs"]["total"]["columns"][0]["total"]
    return {
        "name": BUDGET,
        "amount": f"{Decimal(spent) * Decimal('1.04'):.0f}",
        "currency": "USD",
        "where": {"dimensions": where},
        "thresholds": [80, 100],
        "forecastThresholds": [90, 100],
    }


def _rate(today: date) -> dict[str, str]:
    first = today - timedelta(days=_METRIC_DAYS + 31)
    rate = {"fromCurrency": "USD", "toCurrency": "EUR", "fromDay": f"{first}", "rate": "0.92"}
    return {**rate, "note": "Made up for the demo"}


def _orders(today: date) -> list[dict[str, str]]:
    """Orders by day: fewer at weekends, a little more each month."""
    points = []
    for ago in range(_METRIC_DAYS, 0, -1):
        day = today - timedelta(days=ago)
        weekly = 0.7 if day.weekday() >= 5 else 1.0
        noise = crc32(f"orders/{day}".encode()) / 2**32
        orders = _ORDERS * weekly * (1 + 0.15 * (1 - ago / _METRIC_DAYS)) * (0.95 + 0.1 * noise)
        points.append({"day": f"{day}", "value": f"{orders:.0f}"})
    return points
