"""Lambda functions with more memory, or more of them kept ready, than is used."""

from decimal import Decimal, InvalidOperation
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.aws_platform_price import AWS_LAMBDA_PROVISIONED
from domain.rules.aws_series import daily, last_days
from domain.rules.list_price import HOURS_PER_MONTH, usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

ADVICE = "compute-optimizer.get_lambda_function_recommendations"
LATEST = "$LATEST"
USED = "ProvisionedConcurrencyUtilization.Maximum"
# A share of what is kept ready. Below it even the busiest moment would have been served by the next smaller setting.
IDLE_BELOW = 0.1
MIB_PER_GIB, HOUR_SECONDS = 1024, 3600


def is_oversized(function: Resource, context: RuleContext) -> Observation | None:
    """Fires when Compute Optimizer finds the function's memory too large and the function still has that much."""
    advice = _advice(function, context)
    memory, wanted = function.config.get("MemorySize"), _best(advice).get("memorySize")
    if advice is None or not memory or not wanted or memory <= wanted:
        return None
    saving, formula = _advised_saving(advice) or (None, None)
    return Observation(
        reason=f"Function {function.name} has {memory} MB of memory; Compute Optimizer finds {wanted} MB enough.",
        observed={"MemorySize": memory, "recommended": wanted, "findingReasonCodes": ["MemoryOverprovisioned"]},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def _advice(function: Resource, context: RuleContext) -> Resource | None:
    """The advice to take memory away from what is not published, which AWS names with or without its version."""
    arn = function.config.get("FunctionArn")
    found = [
        context.find(ResourceKind.AWS_RECOMMENDATION, f"{ADVICE}/{name}") for name in (arn, f"{arn}:{LATEST}") if arn
    ]
    for advice in found:
        if (
            advice is not None
            and advice.config.get("finding") == "NotOptimized"
            and "MemoryOverprovisioned" in (advice.config.get("findingReasonCodes") or [])
            and advice.config.get("functionVersion", LATEST) == LATEST
        ):
            return advice
    return None


def _best(advice: Resource | None) -> dict[str, Any]:
    """The option AWS ranks first."""
    options: list[dict[str, Any]] = [] if advice is None else advice.config.get("memorySizeRecommendationOptions") or []
    return min(options, key=lambda one: one.get("rank") or len(options), default={})


def _advised_saving(advice: Resource) -> tuple[Money, str] | None:
    """What AWS estimates a month, where it does in dollars."""
    estimate = (_best(advice).get("savingsOpportunity") or {}).get("estimatedMonthlySavings") or {}
    try:
        amount = Decimal(str(estimate.get("value")))
    except InvalidOperation:
        return None
    if estimate.get("currency") != "USD" or not amount.is_finite():
        return None
    return usd(amount), f"{usd(amount).amount} USD as Compute Optimizer estimates it"


def take_memory(function: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The memory of the version that is not published; published ones keep theirs."""
    wanted, memory = _best(_advice(function, context))["memorySize"], function.config["MemorySize"]
    return (_sized(function, "shrink", wanted).model_copy(update={"undo": (_sized(function, "grow", memory),)}),)


def _sized(function: Resource, name: str, memory: int) -> Step:
    own = {"FunctionName": function.config["FunctionName"]}
    return Step(
        name=name,
        says=f"Give {function.name} {memory} MB of memory.",
        call=Call(
            operation="lambda.update_function_configuration",
            region=function.region,
            arguments={**own, "MemorySize": memory},
        ),
        wait=Look(
            call=Call(operation="lambda.get_function_configuration", region=function.region, arguments=own),
            path="LastUpdateStatus",
            ready=("Successful",),
            failed=("Failed",),
        ),
    )


def is_kept_for_nothing(kept: Resource, context: RuleContext) -> Observation | None:
    """Fires when what is kept ready for a version or alias was hardly used on any of the days."""
    units, days = kept.config.get("RequestedProvisionedConcurrentExecutions"), context.parameters["lookback_days"]
    values = last_days(kept, USED, days)
    if not units or values is None or max(values) >= IDLE_BELOW:
        return None
    saving, formula = _kept_cost(kept, units, context) or (None, None)
    return Observation(
        reason=f"{kept.native_id} keeps {units} instances ready, of which {max(values):.0%} at most were used at once "
        f"in {days} days.",
        observed={"RequestedProvisionedConcurrentExecutions": units, "most_used_ratio": max(values)},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def _kept_cost(kept: Resource, units: int, context: RuleContext) -> tuple[Money, str] | None:
    function = context.find(ResourceKind.AWS_LAMBDA_FUNCTION, _parts(kept)[0])
    if function is None or not function.config.get("MemorySize"):
        return None
    gib = Decimal(function.config["MemorySize"]) / MIB_PER_GIB
    price = AWS_LAMBDA_PROVISIONED.usd
    seconds = HOURS_PER_MONTH * HOUR_SECONDS
    return usd(units * gib * seconds * price), f"{units} * {gib} GiB * {seconds} s * {price} USD"


def _parts(kept: Resource) -> tuple[str, str]:
    """The ARN of the function, and its version or alias."""
    arn, _, qualifier = kept.native_id.rpartition(":")
    return arn, qualifier


def keep_nothing(kept: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One deletion, taken back by asking for as many again."""
    arn, qualifier = _parts(kept)
    own = {"FunctionName": arn.rpartition(":")[2], "Qualifier": qualifier}
    units = kept.config["RequestedProvisionedConcurrentExecutions"]
    again = Step(
        name="keep",
        says=f"Keep {units} instances ready for {kept.native_id} again.",
        call=Call(
            operation="lambda.put_provisioned_concurrency_config",
            region=kept.region,
            arguments={**own, "ProvisionedConcurrentExecutions": units},
        ),
        wait=Look(
            call=Call(operation="lambda.get_provisioned_concurrency_config", region=kept.region, arguments=own),
            path="Status",
            ready=("READY",),
            failed=("FAILED",),
        ),
    )
    return (
        Step(
            name="release",
            says=f"Keep nothing ready for {kept.native_id} any more; calls still run, after a cold start.",
            call=Call(operation="lambda.delete_provisioned_concurrency_config", region=kept.region, arguments=own),
            gone=("ProvisionedConcurrencyConfigNotFoundException", "ResourceNotFoundException"),
            undo=(again,),
        ),
    )


ARN = "arn:aws:lambda:us-east-1:123456789012:function:resize"


def _function(memory: int = 1024) -> Resource:
    config = {"FunctionArn": ARN, "FunctionName": "resize", "MemorySize": memory}
    return Resource(
        kind=ResourceKind.AWS_LAMBDA_FUNCTION, native_id=ARN, name="resize", region="us-east-1", config=config
    )


def _recommended(name: str = ARN, saving: Any = None, **config: Any) -> Resource:
    """What Compute Optimizer says of the function in the examples: 512 MB."""
    plain = {
        "finding": "NotOptimized",
        "findingReasonCodes": ["MemoryOverprovisioned"],
        "functionVersion": LATEST,
        "memorySizeRecommendationOptions": [
            {"rank": 2, "memorySize": 768},
            {"rank": 1, "memorySize": 512, "savingsOpportunity": {"estimatedMonthlySavings": saving}},
        ],
    }
    return Resource(
        kind=ResourceKind.AWS_RECOMMENDATION,
        native_id=f"{ADVICE}/{name}",
        name=name,
        region="us-east-1",
        config={**plain, **config},
    )


def _kept(values: dict[str, float], units: int = 5) -> Resource:
    config = {"RequestedProvisionedConcurrentExecutions": units, "Metrics": {USED: values}}
    return Resource(
        kind=ResourceKind.AWS_PROVISIONED_CONCURRENCY,
        native_id=f"{ARN}:live",
        name=f"{ARN}:live",
        region="us-east-1",
        config=config,
    )


RIGHTSIZE = Rule(
    id="aws-lambda-rightsize",
    title="Function has more memory than it uses",
    description="Lambda bills memory by the millisecond, used or not.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_LAMBDA_FUNCTION,
    permissions=("compute-optimizer:GetLambdaFunctionRecommendations",),
    source="Compute Optimizer GetLambdaFunctionRecommendations; AWS Lambda pricing",
    blind_spots="Compute Optimizer must be opted in to, and looks at functions that were called 50 times in 14 days. "
    "Less memory is less processor too: a function may take longer. Published versions keep their memory.",
    needs=("MemorySize",),
    also_reads=(ResourceKind.AWS_RECOMMENDATION,),
    check=is_oversized,
    group="rightsizing",
    remedy=Remedy(
        says="Gives the function the memory that Compute Optimizer recommends.",
        plan=take_memory,
        reversible=Reversible.YES,
        permissions=("lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration"),
    ),
    examples=(
        fires(_function(), _recommended(saving={"value": 3.456, "currency": "USD"})),
        fires(_function(), _recommended(f"{ARN}:{LATEST}", saving={"value": 3, "currency": "CNY"})),
        fires(_function(), _recommended()),
        quiet(_function(memory=512), _recommended()),
        quiet(_function(), _recommended(functionVersion="7")),
        quiet(_function(), _recommended(findingReasonCodes=["MemoryUnderprovisioned"])),
        quiet(_function()),
    ),
)

PROVISIONED_IDLE = Rule(
    id="aws-lambda-provisioned-idle",
    title="Function keeps instances ready that nobody uses",
    description="Provisioned concurrency is billed for as long as it is set, called or not.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_PROVISIONED_CONCURRENCY,
    permissions=("cloudwatch:GetMetricData", "lambda:ListFunctions", "lambda:ListProvisionedConcurrencyConfigs"),
    source="Lambda ListProvisionedConcurrencyConfigs; CloudWatch metrics of Lambda; AWS Lambda pricing",
    blind_spots="A day without a value is not taken as idle, so that what was not called at all on some day is not "
    "found. The memory of the unpublished version stands for that of the version kept ready. A scaling policy of "
    "Application Auto Scaling may set it again.",
    parameters=(
        Parameter(name="lookback_days", default=14, meaning="Days looked at, of the 14 read.", least=1, most=14),
    ),
    needs=("RequestedProvisionedConcurrentExecutions", "Metrics"),
    also_reads=(ResourceKind.AWS_LAMBDA_FUNCTION,),
    check=is_kept_for_nothing,
    group="idle",
    remedy=Remedy(
        says="Takes the provisioned concurrency away.",
        plan=keep_nothing,
        reversible=Reversible.YES,
        permissions=(
            "lambda:DeleteProvisionedConcurrencyConfig",
            "lambda:GetProvisionedConcurrencyConfig",
            "lambda:PutProvisionedConcurrencyConfig",
        ),
    ),
    examples=(
        # 5 * 1 GiB * 730 h * 3600 s * 0.0000041667 = 54.75
        fires(_kept(daily(0.05)), _function(), parameters={"lookback_days": 14}),
        fires(_kept(daily(0.0)), parameters={"lookback_days": 14}),
        quiet(_kept(daily(0.1)), _function(), parameters={"lookback_days": 14}),
        quiet(_kept(daily(0.05, days=13)), _function(), parameters={"lookback_days": 14}),
    ),
)
