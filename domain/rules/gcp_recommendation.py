"""What a recommendation of Google Cloud says, and what it saves. No rules here."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.remediation.remedy import NoPlan
from domain.rules.judgement import is_exempt
from domain.rules.list_price import usd
from domain.rules.rule import Observation, RuleContext

KIND = ResourceKind.GCP_RECOMMENDATION
SOURCE = "Google Cloud Recommender, {} (Recommender documentation, Recommenders)"
# Without these a recommendation says nothing of the kind that rules ask about.
NEEDS = ("stateInfo", "content")
DAYS_PER_MONTH, SECONDS_PER_DAY = Decimal("30.4167"), 86400
NANO = Decimal("0.000000001")


def is_active(recommendation: Resource, recommender: str, *subtypes: str) -> bool:
    """Whether it comes from this recommender, with one of these subtypes where any are given, and is still open."""
    config = recommendation.config
    if f"/recommenders/{recommender}/" not in config.get("name", ""):
        return False
    is_open = (config.get("stateInfo") or {}).get("state") == "ACTIVE"
    return is_open and (not subtypes or config.get("recommenderSubtype") in subtypes)


def changes(recommendation: Resource) -> Iterator[dict[str, Any]]:
    """What it would have changed, as the interface prints it: action, resource, path, value."""
    content = recommendation.config.get("content") or {}
    for group in content.get("operationGroups") or ():
        yield from group.get("operations") or ()


def wanted(recommendation: Resource, path: str) -> Any:
    """The value it would set under a path that ends so; None where it names none."""
    for one in changes(recommendation):
        if one.get("action", "").lower() in ("add", "replace") and one.get("path", "").endswith(path):
            return one.get("value")
    return None


def target(recommendation: Resource, kind: ResourceKind, context: RuleContext, rule_id: str = "") -> Resource | None:
    """The resource it is about; None when that is gone, or exempt from the rule."""
    overview = (recommendation.config.get("content") or {}).get("overview") or {}
    named = [str(one.get("resource", "")) for one in changes(recommendation)] + [str(overview.get("resourceName", ""))]
    known = {_tail(one.native_id): one for one in context.every(kind)}
    found = next((known[_tail(name)] for name in named if name and _tail(name) in known), None)
    return None if found is None or is_exempt(found, rule_id) else found


def must_target(recommendation: Resource, kind: ResourceKind, context: RuleContext) -> Resource:
    """The same for a plan. Raises NoPlan without one."""
    found = target(recommendation, kind, context)
    if found is None:
        raise NoPlan("What the recommendation names is no longer there.")
    return found


def observed(recommendation: Resource, what: str, **values: Any) -> Observation:
    """`what` begins the sentence; the recommendation's own words, and what it saves by its own account, follow."""
    saving, formula = _saving(recommendation)
    return Observation(
        reason=f"{what}, and Google recommends: {recommendation.name.rstrip('.')} ({recommendation.native_id}).",
        observed={"recommendation": recommendation.config.get("name"), **values},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def cost(recommendation: Resource) -> Decimal | None:
    """What it would add to the cost of its period, below zero for what it saves; None where it does not say."""
    found = _projection(recommendation).get("cost")
    return None if found is None else Decimal(str(found.get("units", "0"))) + Decimal(found.get("nanos", 0)) * NANO


def last(path: Any) -> str:
    """The last part of a link or a path."""
    return str(path).rpartition("/")[2]


def _saving(recommendation: Resource) -> tuple[Money | None, str | None]:
    """A month of it. Recommendations give a period of their own, of 30 days mostly."""
    projection, added = _projection(recommendation), cost(recommendation)
    seconds = Decimal(str(projection.get("duration", "")).removesuffix("s") or 0)
    if added is None or not seconds or projection["cost"].get("currencyCode") != "USD":
        return None, None
    formula = f"{-added} USD * {DAYS_PER_MONTH} * {SECONDS_PER_DAY} s / {seconds} s"
    return usd(-added * DAYS_PER_MONTH * SECONDS_PER_DAY / seconds), formula


def _projection(recommendation: Resource) -> dict[str, Any]:
    found: dict[str, Any] = (recommendation.config.get("primaryImpact") or {}).get("costProjection") or {}
    return found


def _tail(name: str) -> str:
    """A resource name without its service and project, which it may name by number, and with one word for places."""
    _, _, path = name.removeprefix("//").partition("/")
    parts = path.split("/")
    if parts[0] == "projects":
        parts = parts[2:]
    parts = parts[1:] if parts[:1] == ["buckets"] else parts
    return "/".join("locations" if one in ("zones", "regions") else one for one in parts)
