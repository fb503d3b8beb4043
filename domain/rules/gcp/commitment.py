"""Commitments that would make steady use cheaper. They cannot be taken back, so each is bought as recommended."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules import gcp_example as example
from domain.rules.gcp_recommendation import KIND, NEEDS, SOURCE, changes, is_active, last, observed
from domain.rules.gcp_step import made_step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

USAGE_RECOMMENDER = "google.compute.commitment.UsageCommitmentRecommender"
SPEND_RECOMMENDER = "google.cloudbilling.commitment.SpendBasedCommitmentRecommender"
SLOT_RECOMMENDER = "google.bigquery.capacityCommitments.Recommender"
COMMITMENT = ResourceKind.GCP_COMMITMENT
WORTHWHILE = ("P1", "P2")
TERMS = {"TWELVE_MONTH": "one year", "THIRTY_SIX_MONTH": "three years"}


def is_missing(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires until this commitment is bought, or another one that Google names in its place."""
    if not is_active(recommendation, USAGE_RECOMMENDER) or recommendation.config.get("priority") not in WORTHWHILE:
        return None
    names = {_name(one) for one in context.every(KIND) if _is_instead(one, recommendation)} | {_name(recommendation)}
    if any(one.name in names for one in context.every(COMMITMENT)):
        return None
    what = f"Machines in {_region(recommendation)} run all the time without a commitment"
    return observed(recommendation, what, priority=recommendation.config["priority"], commitment=_offer(recommendation))


def buy(recommendation: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Exactly what is recommended, under a name of its own, so that it is bought once."""
    offer, region = _offer(recommendation), _region(recommendation)
    resources = [_resource(one) for one in offer.get("resources") or () if one.get("type") and one.get("amount")]
    if offer.get("plan") not in TERMS or not resources:
        raise NoPlan("The recommendation names no exact term and amount.")
    amounts = " and ".join(f"{one['amount']} {one['type']}{' (MB)' * (one['type'] == 'MEMORY')}" for one in resources)
    kind = {"type": offer["type"]} if offer.get("type") else {}
    where = {"region": region}
    says = (
        f"Buy a commitment of {amounts} ({offer.get('type', 'general purpose')}) in {region} "
        f"for {TERMS[offer['plan']]}. It is billed whether it is used or not, and cannot be cancelled."
    )
    bought = made_step(
        "buy",
        says,
        "regionCommitments.insert",
        where,
        {"name": _name(recommendation), "plan": offer["plan"], "resources": resources, **kind},
        ("regionCommitments.list", where),
        ready=("NOT_YET_ACTIVE", "ACTIVE"),
        failed=("CANCELED", "CANCELLED", "EXPIRED"),
    )
    return (bought,)


def is_spend_recommended(recommendation: Resource, _: RuleContext) -> Observation | None:
    """Fires while the recommendation is open."""
    if not is_active(recommendation, SPEND_RECOMMENDER):
        return None
    return observed(recommendation, "The billing account spends steadily without a commitment")


def are_slots_recommended(recommendation: Resource, _: RuleContext) -> Observation | None:
    """Fires while the recommendation is open."""
    if not is_active(recommendation, SLOT_RECOMMENDER):
        return None
    return observed(recommendation, "BigQuery is used steadily without a commitment")


def _offer(recommendation: Resource) -> dict[str, Any]:
    """The commitment it would have made; {} where it shows none."""
    values = (one.get("value") for one in changes(recommendation) if one.get("action", "").lower() == "add")
    return next((value for value in values if isinstance(value, dict) and "resources" in value), {})


def _resource(one: dict[str, Any]) -> dict[str, str]:
    """Amounts are whole numbers, which pass through JSON as texts or as numbers."""
    return {"type": one["type"], "amount": str(int(float(one["amount"])))}


def _is_instead(other: Resource, recommendation: Resource) -> bool:
    group = recommendation.config.get("xorGroupId")
    return group is not None and other.config.get("xorGroupId") == group


def _name(recommendation: Resource) -> str:
    return f"cloudwatcher-{last(recommendation.config.get('name'))}"[:63].lower()


def _region(recommendation: Resource) -> str:
    return str(recommendation.config["name"]).split("/")[3]


def _recommended(recommender: str, **config: Any) -> Resource:
    return example.recommendation(recommender, "", location="us-central1", **{"priority": "P1", **config})


def _bought(name: str) -> Resource:
    return example.compute(COMMITMENT, f"regions/us-central1/commitments/{name}", status="ACTIVE")


def _adding(**value: Any) -> tuple[dict[str, Any], ...]:
    return ({"action": "add", "path": "/", "value": value},)


AMOUNTS = [{"type": "VCPU", "amount": "4"}, {"type": "MEMORY", "amount": 16384.0}]
OFFERED = _adding(plan="TWELVE_MONTH", type="GENERAL_PURPOSE_N2", resources=AMOUNTS)
BUY_IT = _recommended(USAGE_RECOMMENDER, changes=OFFERED)
EITHER = _recommended(USAGE_RECOMMENDER, changes=OFFERED, xorGroupId="x-1")
OTHER = EITHER.model_copy(
    update={"native_id": "//other", "config": {**EITHER.config, "name": f"{EITHER.config['name'][:-1]}2"}}
)
SPEND = _recommended(SPEND_RECOMMENDER).model_copy(update={"kind": ResourceKind.GCP_BILLING_RECOMMENDATION})
SLOTS = _recommended(SLOT_RECOMMENDER)

USAGE = Rule(
    id="gcp-cud-purchase",
    title="Steady use of machines has no commitment",
    description="Machines that always run cost less with a commitment for one or three years.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=KIND,
    permissions=("recommender.usageCommitmentRecommendations.list", "compute.commitments.list"),
    source=SOURCE.format(USAGE_RECOMMENDER),
    blind_spots="Google looks at thirty days back. What will be switched off next month is committed to all the same.",
    needs=(*NEEDS, "priority"),
    also_reads=(COMMITMENT, KIND),
    check=is_missing,
    group="commitment",
    remedy=Remedy(
        says="Buys the recommended commitment.",
        plan=buy,
        reversible=Reversible.NO,
        loses="A commitment is billed to the end of its term.",
        permissions=("compute.commitments.create", "compute.regionOperations.get"),
    ),
    examples=(
        fires(BUY_IT),
        fires(_recommended(USAGE_RECOMMENDER)),
        fires(EITHER, OTHER),
        quiet(EITHER, OTHER, _bought("cloudwatcher-r-2")),
        quiet(BUY_IT, _bought("cloudwatcher-r-1")),
        quiet(_recommended(USAGE_RECOMMENDER, priority="P4")),
    ),
)

SPEND_BASED = Rule(
    id="gcp-spend-cud",
    title="Steady spending has no commitment",
    description="Services that are used at all times cost less with a commitment to spend so much an hour.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.GCP_BILLING_RECOMMENDATION,
    permissions=("recommender.spendBasedCommitmentRecommendations.list",),
    source=SOURCE.format(SPEND_RECOMMENDER),
    blind_spots="It is seen only with a right on the billing account, and speaks of all its projects together.",
    needs=NEEDS,
    check=is_spend_recommended,
    group="commitment",
    manual="There is no call by which to buy it. Somebody with roles/billing.admin buys it on the page for commitments "
    "of the billing account, with the amount that the recommendation names.",
    examples=(
        fires(SPEND),
        quiet(SPEND.model_copy(update={"config": {**SPEND.config, "stateInfo": {"state": "DISMISSED"}}})),
    ),
)

SLOT_BASED = Rule(
    id="gcp-bq-slots",
    title="Steady use of BigQuery has no commitment",
    description="Queries that run at all times cost less on slots that are committed to.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=KIND,
    permissions=("recommender.bigqueryCapacityCommitmentsRecommendations.list",),
    source=SOURCE.format(SLOT_RECOMMENDER),
    blind_spots="Google looks at thirty days back.",
    needs=NEEDS,
    check=are_slots_recommended,
    group="commitment",
    manual="Compare the price of slots in this region with what the queries cost on demand, and buy the commitment "
    "with the BigQuery reservation interface: it binds the queries of a project to the slots that are bought.",
    examples=(fires(SLOTS), quiet(BUY_IT)),
)
