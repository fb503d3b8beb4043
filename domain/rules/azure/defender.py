"""Plans of Defender for Cloud that are switched off."""

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_resource import on, own
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

PUT = "PUT Microsoft.Security/pricings/{pricingName}"
WATCHED = ("VirtualMachines", "StorageAccounts", "SqlServers", "KeyVaults", "AppServices", "Containers", "Arm")
OFF, ON = "Free", "Standard"


def is_off(plan: Resource, _: RuleContext) -> Observation | None:
    """Fires on a plan that should watch and does not."""
    if plan.name not in WATCHED or own(plan).get("pricingTier") != OFF or own(plan).get("deprecated"):
        return None
    return Observation(reason=f"Defender for Cloud does not watch {plan.name}.", observed={"pricingTier": OFF})


def switch_on(plan: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The whole plan; undone by the free tier."""
    off = Step(
        name="switch-off",
        says=f"Switch the Defender plan for {plan.name} off again.",
        call=on(PUT, plan.native_id, properties={"pricingTier": OFF}),
    )
    says = f"Switch the Defender plan for {plan.name} on. It is billed by what it watches: see Defender pricing."
    call = on(PUT, plan.native_id, properties={"pricingTier": ON})
    return (Step(name="switch-on", says=says, call=call, undo=(off,)),)


def _plan(tier: str, name: str = "KeyVaults", **fields: bool) -> Resource:
    return Resource(
        kind=ResourceKind.AZURE_DEFENDER_PLAN,
        native_id=f"/subscriptions/s1/providers/Microsoft.Security/pricings/{name}",
        name=name,
        config={"properties": {"pricingTier": tier, **fields}},
    )


PLAN_OFF = Rule(
    id="azure-defender-off",
    title="Defender plan is switched off",
    description="Without its plan nobody is warned of attacks on this kind of resource.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AZURE_DEFENDER_PLAN,
    permissions=("Microsoft.Security/pricings/read",),
    source="CIS Azure Foundations, Microsoft Defender for Cloud; Pricings - List",
    blind_spots="What a plan will cost hangs on what it watches, and is not estimated. Watching by other products is "
    "not seen. Settings that a plan had before it was switched off are those that Azure gives it anew.",
    needs=("properties",),
    check=is_off,
    group="detection",
    remedy=Remedy(
        says="Switches the plan on, which adds its price to the bill.",
        plan=switch_on,
        reversible=Reversible.YES,
        permissions=("Microsoft.Security/pricings/write",),
    ),
    examples=(
        fires(_plan("Free")),
        quiet(_plan("Standard")),
        quiet(_plan("Free", "Dns")),
        quiet(_plan("Free", deprecated=True)),
    ),
)
