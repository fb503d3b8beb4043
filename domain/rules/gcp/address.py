"""Reserved addresses that nothing uses."""

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules import gcp_example as example
from domain.rules.gcp_recommendation import KIND, NEEDS, SOURCE, is_active, must_target, observed, target
from domain.rules.gcp_step import NOT_FOUND, compute_step, scope
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

RECOMMENDER = "google.compute.address.IdleResourceRecommender"
ADDRESS = ResourceKind.GCP_ADDRESS


def is_unused(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires while the address is reserved and in no use."""
    if not is_active(recommendation, RECOMMENDER):
        return None
    address = target(recommendation, ADDRESS, context, "gcp-address-idle")
    if address is None or address.config.get("status") != "RESERVED":
        return None
    shown = address.config.get("address")
    return observed(recommendation, f"Address {address.name} ({shown}) is reserved and in no use", status="RESERVED")


def release(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """It goes for good: the same address is hardly ever given again."""
    address = must_target(recommendation, ADDRESS, context)
    where = scope(address)
    says = f"Release the address {address.config.get('address')} ({address.name}) for good."
    operation = "addresses.delete" if where else "globalAddresses.delete"
    return (compute_step("release", says, operation, where, {"address": address.name}, gone=NOT_FOUND),)


def _address(place: str = "regions/us-central1", status: str = "RESERVED") -> Resource:
    return example.compute(ADDRESS, f"{place}/addresses/old", address="203.0.113.7", status=status)


OLD, WORLDWIDE = _address(), _address("global")
RELEASE_IT = example.recommendation(RECOMMENDER, OLD.native_id, location="us-central1")

UNUSED = Rule(
    id="gcp-address-idle",
    title="Reserved address is in no use",
    description="A reserved address costs more while nothing uses it.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=KIND,
    permissions=("recommender.computeAddressIdleResourceRecommendations.list", "compute.addresses.list"),
    source=SOURCE.format(RECOMMENDER),
    blind_spots="An address that others have written down, in a firewall or a name server, looks unused here.",
    needs=NEEDS,
    also_reads=(ADDRESS,),
    check=is_unused,
    group="unattached",
    remedy=Remedy(
        says="Releases the address.",
        plan=release,
        reversible=Reversible.NO,
        loses="The address, which goes to whoever asks next.",
        permissions=(
            "compute.addresses.delete",
            "compute.regionOperations.get",
            "compute.globalAddresses.delete",
            "compute.globalOperations.get",
        ),
    ),
    examples=(
        fires(RELEASE_IT, OLD),
        fires(example.recommendation(RECOMMENDER, WORLDWIDE.native_id, location="global"), WORLDWIDE),
        quiet(RELEASE_IT, _address(status="IN_USE")),
        quiet(RELEASE_IT),
        quiet(example.recommendation(RECOMMENDER, OLD.native_id, stateInfo={"state": "SUCCEEDED"}), OLD),
    ),
)
