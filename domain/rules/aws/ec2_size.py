"""EC2 instances that are larger than they need to be, by what AWS recommends."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.aws_advice import advice_on_instance, is_over_provisioned, saving_of
from domain.rules.aws_instance_step import GROUP_TAG, LOSES, resized
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet


def is_too_large(instance: Resource, context: RuleContext) -> Observation | None:
    """Fires when AWS knows a smaller type that bears the load with little risk."""
    advice = advice_on_instance(instance, context)
    if advice is None or not is_over_provisioned(advice.config.get("finding")):
        return None
    best = _best(advice)
    risk, wanted = best.get("performanceRisk"), best.get("instanceType")
    former = instance.config.get("InstanceType")
    # A recommendation stays for a day after it was followed.
    if risk is None or not wanted or former != advice.config.get("currentInstanceType") or wanted == former:
        return None
    if risk > context.parameters["max_risk"]:
        return None
    saving, formula = saving_of(advice)
    return Observation(
        reason=f"Instance {instance.name} is a {former}, and {wanted} would do by what AWS measured.",
        observed={"InstanceType": former, "recommended": wanted, "performanceRisk": risk},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def _best(advice: Resource) -> dict[str, Any]:
    """AWS puts the option it likes best first."""
    options = advice.config.get("recommendationOptions") or [{}]
    return dict(options[0])


def resize(instance: Resource, context: RuleContext) -> tuple[Step, ...]:
    """To the type that AWS likes best, if the image of the instance can run on it."""
    advice = advice_on_instance(instance, context)
    if advice is None:
        raise NoPlan(f"AWS recommends nothing for {instance.name} any more.")
    best = _best(advice)
    other = set(best.get("platformDifferences") or ())
    if "Architecture" in other:
        raise NoPlan(f"{best['instanceType']} has another kind of processor, for which {instance.name} is not built.")
    if "Hypervisor" in other and not instance.config.get("EnaSupport"):
        raise NoPlan(f"{instance.name} lacks the network driver that {best['instanceType']} needs.")
    return resized(instance, best["instanceType"])


def _instance(tags: dict[str, str] | None = None, **config: Any) -> Resource:
    """A large one in account 123456789012, for the examples."""
    plain = {
        "InstanceType": "m6i.2xlarge",
        "State": {"Name": "running"},
        "NetworkInterfaces": [{"OwnerId": "123456789012"}],
    }
    return Resource(
        kind=ResourceKind.AWS_EC2_INSTANCE,
        native_id="i-1",
        name="web",
        region="us-east-1",
        tags=tags or {},
        config={**plain, **config},
    )


def _advice(
    risk: float = 1, finding: str = "Overprovisioned", saved: str | None = "70.08", other: str = ""
) -> Resource:
    arn = "arn:aws:ec2:us-east-1:123456789012:instance/i-1"
    return Resource(
        kind=ResourceKind.AWS_RECOMMENDATION,
        native_id=f"compute-optimizer.get_ec2_instance_recommendations/{arn}",
        name=arn,
        region="us-east-1",
        config={
            "finding": finding,
            "currentInstanceType": "m6i.2xlarge",
            "recommendationOptions": [
                {"instanceType": "m6i.xlarge", "performanceRisk": risk, "platformDifferences": [other]}
            ],
            "EstimatedMonthlySaving": {"Amount": saved, "Currency": "USD"} if saved else None,
        },
    )


DEFAULTS = {"max_risk": 2}
TOO_LARGE = Rule(
    id="aws-ec2-rightsize",
    title="EC2 instance is larger than it needs to be",
    description="Compute Optimizer knows a type that bears the load of the instance for less.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_EC2_INSTANCE,
    permissions=("compute-optimizer:GetEC2InstanceRecommendations",),
    source="Compute Optimizer GetEC2InstanceRecommendations",
    blind_spots="Without Compute Optimizer, or before it has watched an instance for some days, nothing is said. It "
    "sees memory only where the CloudWatch agent reports it. What a commitment already pays for may not be saved.",
    parameters=(Parameter(name="max_risk", default=2, most=4, meaning="The performance risk AWS may see, 0 to 4."),),
    needs=("InstanceType", "NetworkInterfaces"),
    also_reads=(ResourceKind.AWS_RECOMMENDATION,),
    check=is_too_large,
    group="rightsizing",
    remedy=Remedy(
        says="Stops the instance, makes it smaller and starts it again.",
        plan=resize,
        reversible=Reversible.PARTLY,
        loses=LOSES,
        permissions=(
            "ec2:DescribeInstances",
            "ec2:ModifyInstanceAttribute",
            "ec2:StartInstances",
            "ec2:StopInstances",
        ),
    ),
    examples=(
        fires(_instance(), _advice(), parameters=DEFAULTS),
        fires(_instance(), _advice(finding="OVER_PROVISIONED", saved=None), parameters=DEFAULTS),
        fires(_instance(State={"Name": "stopped"}), _advice(), parameters=DEFAULTS),
        fires(_instance(State={"Name": "stopping"}), _advice(), parameters=DEFAULTS),
        fires(_instance(tags={GROUP_TAG: "web"}), _advice(), parameters=DEFAULTS),
        fires(_instance(), _advice(other="Architecture"), parameters=DEFAULTS),
        fires(_instance(), _advice(other="Hypervisor"), parameters=DEFAULTS),
        quiet(_instance(), _advice(risk=3), parameters=DEFAULTS),
        quiet(_instance(), _advice(finding="Underprovisioned"), parameters=DEFAULTS),
        quiet(_instance(InstanceType="m6i.xlarge"), _advice(), parameters=DEFAULTS),
        quiet(_instance(NetworkInterfaces=[]), _advice(), parameters=DEFAULTS),
        quiet(_instance(), parameters=DEFAULTS),
    ),
)
