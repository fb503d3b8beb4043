"""EFS file systems that keep everything in their dearest class."""

from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_platform_price import AWS_EFS_INFREQUENT, AWS_EFS_STANDARD
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

GIB = Decimal(2**30)
# Files nobody opens for a month are most of what is stored. Source: Amazon EFS pricing, example of 80 % and 20 %.
RARELY_READ = Decimal("0.8")
AFTER = "AFTER_30_DAYS"


def tiers_nothing(files: Resource, _: RuleContext) -> Observation | None:
    """Fires on a file system whose files never move to a cheaper class."""
    if files.config.get("LifecyclePolicies") != []:
        return None
    saving, formula = _saving(files) or (None, None)
    return Observation(
        reason=f"File system {files.name} keeps files that nobody opens in its dearest class.",
        observed={"LifecyclePolicies": [], "SizeInBytes": files.config.get("SizeInBytes")},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def _saving(files: Resource) -> tuple[Money, str] | None:
    """None where it is not known how much lies in the standard class, or where that is a cheaper one of one zone."""
    size = files.config.get("SizeInBytes") or {}
    stored = size.get("ValueInStandard", size.get("Value"))
    if stored is None or files.config.get("AvailabilityZoneName"):
        return None
    gib = Decimal(stored) / GIB
    dear, cheap = AWS_EFS_STANDARD.usd, AWS_EFS_INFREQUENT.usd
    return usd(RARELY_READ * gib * (dear - cheap)), f"{RARELY_READ} * {gib:.2f} GiB * ({dear} - {cheap}) USD"


def tier(files: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One policy, taken back by having none."""
    back = _step(files, "keep", f"Leave all files of {files.name} that come in where they are.", [])
    says = f"Move files of {files.name} that nobody opens for 30 days to the infrequent-access class."
    moved = _step(files, "tier", says, [{"TransitionToIA": AFTER}])
    return (moved.model_copy(update={"undo": (back,)}),)


def _step(files: Resource, name: str, says: str, policies: list[dict[str, str]]) -> Step:
    own = {"FileSystemId": files.config["FileSystemId"], "LifecyclePolicies": policies}
    return Step(
        name=name,
        says=says,
        call=Call(operation="efs.put_lifecycle_configuration", region=files.region, arguments=own),
    )


def _files(**config: Any) -> Resource:
    plain = {"FileSystemId": "fs-1", "LifecyclePolicies": [], "SizeInBytes": {"Value": 100 * 2**30}}
    return Resource(
        kind=ResourceKind.AWS_EFS_FILE_SYSTEM,
        native_id="fs-1",
        name="fs-1",
        region="us-east-1",
        config={**plain, **config},
    )


NO_LIFECYCLE = Rule(
    id="aws-efs-lifecycle",
    title="File system keeps everything in its dearest class",
    description="Files that nobody opens cost a twentieth in the infrequent-access class, and are read from there.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_EFS_FILE_SYSTEM,
    permissions=("elasticfilesystem:DescribeFileSystems", "elasticfilesystem:DescribeLifecycleConfiguration"),
    source="EFS DescribeLifecycleConfiguration; Amazon EFS pricing",
    blind_spots="How often files are opened is not known: four fifths are taken as hardly ever. Each read from the "
    "cheaper class is billed. Files that moved stay there when the policy is taken away, until they are written anew.",
    needs=("LifecyclePolicies",),
    check=tiers_nothing,
    group="storage-tier",
    remedy=Remedy(
        says="Moves files that nobody opens for 30 days to the infrequent-access class.",
        plan=tier,
        reversible=Reversible.YES,
        permissions=("elasticfilesystem:PutLifecycleConfiguration",),
    ),
    examples=(
        # 0.8 * 100 GiB * (0.30 - 0.016) = 22.72
        fires(_files()),
        fires(_files(SizeInBytes={"Value": 3, "ValueInStandard": 0})),
        fires(_files(AvailabilityZoneName="us-east-1a")),
        quiet(_files(LifecyclePolicies=[{"TransitionToIA": "AFTER_7_DAYS"}])),
    ),
)
