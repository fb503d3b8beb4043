"""Cloud Run services whose processor is billed the dearer way."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Look, Step, answer
from domain.rules import gcp_example as example
from domain.rules.gcp_recommendation import KIND, NEEDS, SOURCE, is_active, must_target, observed, target
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

RECOMMENDER = "google.run.service.CostRecommender"
SERVICE = ResourceKind.GCP_RUN_SERVICE
# "false" for a processor that is always there; without it the processor is there for requests only. Source: Cloud Run,
# billing settings.
THROTTLING = "run.googleapis.com/cpu-throttling"


def is_dearer(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires while the processor is billed by request: Google recommends only the way from there."""
    if not is_active(recommendation, RECOMMENDER):
        return None
    service = target(recommendation, SERVICE, context, "gcp-run-cpu")
    if service is None or _throttling(service) == "false":
        return None
    what = f"Service {service.name} is busy enough that a processor billed by request costs more"
    return observed(recommendation, what, throttling=_throttling(service))


def switch(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """A revision like the present one whose processor is always there."""
    service = must_target(recommendation, SERVICE, context)
    back = _switched(service, "switch-back", True, f"Bill the processor of {service.name} by request again.")
    says = (
        f"Let {service.name} keep its processor at all times, billed as long as an instance lives. Cloud Run makes a "
        "new revision for it."
    )
    return (_switched(service, "switch", False, says, undo=(back,)),)


def _switched(service: Resource, name: str, is_idle: bool, says: str, undo: tuple[Step, ...] = ()) -> Step:
    path = service.native_id.removeprefix("//run.googleapis.com/")
    look = Call(operation="run.projects.locations.operations.get", arguments={"name": answer(name, "name")})
    return Step(
        name=name,
        says=says,
        call=Call(
            operation="run.projects.locations.services.patch",
            arguments={"name": path, "change": {"cpuIdle": is_idle}},
        ),
        wait=Look(call=look, path="done", ready=("True",)),
        undo=undo,
    )


def _throttling(service: Resource) -> str | None:
    found: Any = service.config.get("spec")
    for key in ("template", "metadata", "annotations", THROTTLING):
        found = found.get(key) if isinstance(found, dict) else None
    return None if found is None else str(found)


def _service(**annotations: str) -> Resource:
    return Resource(
        kind=SERVICE,
        native_id=f"//run.googleapis.com/projects/{example.PROJECT}/locations/us-central1/services/shop",
        name="shop",
        region="us-central1",
        config={"metadata": {"name": "shop"}, "spec": {"template": {"metadata": {"annotations": annotations}}}},
    )


SWITCH_IT = example.recommendation(RECOMMENDER, _service().native_id, location="us-central1")

DEARER = Rule(
    id="gcp-run-cpu",
    title="Cloud Run service is billed the dearer way",
    description="A service that is nearly always busy costs less with a processor that is billed all the time.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.MEDIUM,
    applies_to=KIND,
    permissions=("recommender.runServiceCostRecommendations.list", "run.services.list"),
    source=SOURCE.format(RECOMMENDER),
    blind_spots="Google looks at a month. Where traffic is pinned to a revision, the new one gets none.",
    needs=NEEDS,
    also_reads=(SERVICE,),
    check=is_dearer,
    group="rightsizing",
    remedy=Remedy(
        says="Lets the service keep its processor at all times.",
        plan=switch,
        reversible=Reversible.YES,
        permissions=("run.services.get", "run.services.update", "iam.serviceAccounts.actAs", "run.operations.get"),
    ),
    examples=(
        fires(SWITCH_IT, _service()),
        fires(SWITCH_IT, _service(**{THROTTLING: "true"})),
        quiet(SWITCH_IT, _service(**{THROTTLING: "false"})),
        quiet(SWITCH_IT),
        quiet(example.recommendation("google.other", _service().native_id), _service()),
    ),
)
