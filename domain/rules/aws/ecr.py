"""ECR repositories that keep images nobody can name, or do not look at what is pushed."""

import json
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_platform_price import AWS_ECR_STORAGE
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

GIB = Decimal(2**30)


def keeps_untagged(repository: Resource, _: RuleContext) -> Observation | None:
    """Fires on a repository without a lifecycle policy in which images without a tag lie."""
    untagged = repository.config.get("untaggedImages") or {}
    if repository.config.get("lifecyclePolicyText", "") is not None or not untagged.get("count"):
        return None
    gib = Decimal(untagged.get("sizeInBytes") or 0) / GIB
    return Observation(
        reason=f"Repository {repository.name} keeps {untagged['count']} images without a tag, and none ever goes.",
        observed={"untaggedImages": untagged, "lifecyclePolicyText": None},
        estimated_monthly_saving=usd(gib * AWS_ECR_STORAGE.usd),
        saving_formula=f"{gib:.2f} GiB * {AWS_ECR_STORAGE.usd} USD",
    )


def expire_untagged(repository: Resource, context: RuleContext) -> tuple[Step, ...]:
    """A policy where there was none, taken back by taking it away."""
    days = context.parameters["untagged_days"]
    own = {"repositoryName": repository.config["repositoryName"]}
    back = Step(
        name="keep",
        says=f"Let {repository.name} keep all images again.",
        call=Call(operation="ecr.delete_lifecycle_policy", region=repository.region, arguments=own),
        gone=("LifecyclePolicyNotFoundException", "RepositoryNotFoundException"),
    )
    return (
        Step(
            name="expire",
            says=f"Let images of {repository.name} go {days} days after they were pushed, if they have no tag.",
            call=Call(
                operation="ecr.put_lifecycle_policy",
                region=repository.region,
                arguments={**own, "lifecyclePolicyText": json.dumps(_policy(days), sort_keys=True)},
            ),
            undo=(back,),
        ),
    )


def _policy(days: int) -> dict[str, Any]:
    """Source: Amazon ECR user guide, lifecycle policy parameters."""
    selection = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}
    return {
        "rules": [
            {
                "rulePriority": 1,
                "description": f"Images without a tag go after {days} days",
                "selection": selection,
                "action": {"type": "expire"},
            }
        ]
    }


def scans_nothing(repository: Resource, _: RuleContext) -> Observation | None:
    """Fires when the repository says that pushed images are not scanned."""
    scanning = repository.config.get("imageScanningConfiguration") or {}
    if scanning.get("scanOnPush") is not False:
        return None
    return Observation(
        reason=f"Images pushed to {repository.name} are not scanned for known weaknesses.",
        observed={"imageScanningConfiguration": scanning},
    )


def scan_on_push(repository: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One setting."""
    off = _scanning(repository, "off", f"Do not scan images pushed to {repository.name}.", is_on=False)
    on = _scanning(repository, "on", f"Scan every image pushed to {repository.name}.", is_on=True)
    return (on.model_copy(update={"undo": (off,)}),)


def _scanning(repository: Resource, name: str, says: str, *, is_on: bool) -> Step:
    return Step(
        name=name,
        says=says,
        call=Call(
            operation="ecr.put_image_scanning_configuration",
            region=repository.region,
            arguments={
                "repositoryName": repository.config["repositoryName"],
                "imageScanningConfiguration": {"scanOnPush": is_on},
            },
        ),
    )


def _repository(**config: Any) -> Resource:
    """A repository with 20 GiB in images without a tag for the examples."""
    plain = {
        "repositoryName": "shop/web",
        "lifecyclePolicyText": None,
        "untaggedImages": {"count": 40, "sizeInBytes": 20 * 2**30, "firstPushedAt": None},
        "imageScanningConfiguration": {"scanOnPush": False},
    }
    return Resource(
        kind=ResourceKind.AWS_ECR_REPOSITORY,
        native_id="arn:aws:ecr:us-east-1:123456789012:repository/shop/web",
        name="shop/web",
        region="us-east-1",
        config={**plain, **config},
    )


NO_LIFECYCLE = Rule(
    id="aws-ecr-lifecycle",
    title="Repository keeps images without a tag for ever",
    description="Each build that takes a tag over leaves an image behind, which is billed until it is deleted.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_ECR_REPOSITORY,
    permissions=("ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:GetLifecyclePolicy"),
    source="ECR GetLifecyclePolicy and DescribeImages; Amazon ECR pricing",
    blind_spots="Layers that images share are counted in each of them. Images that something runs by their digest have "
    "no tag either. Those an index names stay as long as the index does.",
    parameters=(Parameter(name="untagged_days", default=14, meaning="Days an image may lie untagged.", least=1),),
    needs=("lifecyclePolicyText", "untaggedImages"),
    check=keeps_untagged,
    group="storage-tier",
    remedy=Remedy(
        says="Lets images without a tag go some days after they were pushed.",
        plan=expire_untagged,
        reversible=Reversible.PARTLY,
        loses="Images that went meanwhile do not come back.",
        permissions=("ecr:DeleteLifecyclePolicy", "ecr:PutLifecyclePolicy"),
    ),
    examples=(
        # 20 GiB * 0.10 = 2.00
        fires(_repository(), parameters={"untagged_days": 14}),
        quiet(_repository(lifecyclePolicyText="{}"), parameters={"untagged_days": 14}),
        quiet(_repository(untaggedImages={"count": 0, "sizeInBytes": 0}), parameters={"untagged_days": 14}),
    ),
)

SCAN_ON_PUSH = Rule(
    id="aws-ecr-scan-on-push",
    title="Pushed images are not scanned",
    description="A scan names the known weaknesses of an image before it runs anywhere.",
    category=FindingCategory.SECOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_ECR_REPOSITORY,
    permissions=("ecr:DescribeRepositories",),
    source="AWS Security Hub ECR.1; ECR DescribeRepositories",
    blind_spots="Scanning that is set for the whole registry, with Amazon Inspector too, is not looked at.",
    needs=("imageScanningConfiguration",),
    check=scans_nothing,
    group="detection",
    remedy=Remedy(
        says="Scans images when they are pushed.",
        plan=scan_on_push,
        reversible=Reversible.YES,
        permissions=("ecr:PutImageScanningConfiguration",),
    ),
    examples=(
        fires(_repository()),
        quiet(_repository(imageScanningConfiguration={"scanOnPush": True})),
        quiet(_repository(imageScanningConfiguration={})),
    ),
)
