"""Resources that no team, project or environment pays for, as they lack the tags that say so."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_arn import arn_of
from domain.rules.judgement import is_exempt
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

ID = "aws-untagged-resource"
# What costs money and is listed with its tags.
TAGGED_KINDS = (
    ResourceKind.AWS_DYNAMODB_TABLE,
    ResourceKind.AWS_EBS_VOLUME,
    ResourceKind.AWS_EC2_ADDRESS,
    ResourceKind.AWS_EC2_INSTANCE,
    ResourceKind.AWS_EFS_FILE_SYSTEM,
    ResourceKind.AWS_EKS_CLUSTER,
    ResourceKind.AWS_LAMBDA_FUNCTION,
    ResourceKind.AWS_LOAD_BALANCER,
    ResourceKind.AWS_NAT_GATEWAY,
    ResourceKind.AWS_RDS_INSTANCE,
    ResourceKind.AWS_REDSHIFT_CLUSTER,
    ResourceKind.AWS_S3_BUCKET,
)
# Parts of an answer in which tags stand. Whose was not read, of that nothing is known.
TAG_KEYS = frozenset({"Tags", "TagSet", "cluster"})
# Source: Resource Groups Tagging API reference, TagResources.
AT_ONCE = 20
# What a person can still look through before they approve it; what is left over is found again.
MOST_STEPS, MOST_OBSERVED = 50, 100


def has_untagged(account: Resource, context: RuleContext) -> Observation | None:
    """Fires on an account in which resources lack a required tag; one finding for all of them."""
    if "Account" not in account.config:
        return None
    found = list(_untagged(account, context))
    if not found:
        return None
    some = {arn: list(missing) for arn, _, missing in found[:MOST_OBSERVED]}
    return Observation(
        reason=f"{len(found)} resources of account {account.name} lack a tag that says who pays for them.",
        observed={"count": len(found), "missing": some},
        estimated_monthly_saving=usd(Decimal(0)),
        saving_formula="0 USD: it moves costs from nobody to an owner",
    )


def _untagged(account: Resource, context: RuleContext) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """ARN, region and missing keys of each resource, in a lasting order."""
    required = context.parameters["required"]
    for kind in TAGGED_KINDS:
        for one in context.every(kind):
            missing = tuple(key for key in required if not one.tags.get(key))
            if missing and one.region and not one.unread & TAG_KEYS and not is_exempt(one, ID):
                yield arn_of(one, account.native_id), one.region, missing


def write_tags(account: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Missing tags only, 20 resources at once: what is there is never written over."""
    values = dict(one.split("=", 1) for one in context.parameters["values"] if "=" in one)
    batches: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for arn, region, missing in _untagged(account, context):
        known = tuple(key for key in missing if values.get(key))
        if known:
            batches[region, known].append(arn)
    if not batches:
        raise NoPlan(f"No value is named for any tag that resources of account {account.name} lack.")
    steps = [
        _tagged(region, arns[start : start + AT_ONCE], {key: values[key] for key in keys})
        for (region, keys), arns in sorted(batches.items())
        for start in range(0, len(arns), AT_ONCE)
    ]
    return tuple(step.model_copy(update={"name": f"tag-{number}"}) for number, step in enumerate(steps[:MOST_STEPS]))


def _tagged(region: str, arns: list[str], tags: dict[str, str]) -> Step:
    named = ", ".join(f"{key}={value}" for key, value in sorted(tags.items()))
    return Step(
        name="tag",
        says=f"Tag {', '.join(arns)} with {named}.",
        call=Call(
            operation="resourcegroupstaggingapi.tag_resources",
            region=region,
            arguments={"ResourceARNList": arns, "Tags": tags},
        ),
        undo=(
            Step(
                name="untag",
                says=f"Take {', '.join(sorted(tags))} off again.",
                call=Call(
                    operation="resourcegroupstaggingapi.untag_resources",
                    region=region,
                    arguments={"ResourceARNList": arns, "TagKeys": sorted(tags)},
                ),
            ),
        ),
    )


def _account() -> Resource:
    config = {"Account": "123456789012"}
    return Resource(kind=ResourceKind.AWS_ACCOUNT, native_id="123456789012", name="123456789012", config=config)


def _volume(*unread: str, **tags: str) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_EBS_VOLUME,
        native_id="vol-1",
        name="vol-1",
        region="us-east-1",
        tags=tags,
        unread=frozenset(unread),
    )


KEYS = ("team", "project", "environment")
KNOWN = {"required": KEYS, "values": ("team=shop", "environment=test")}
UNKNOWN: dict[str, Any] = {"required": KEYS, "values": ()}
WHOLE = {"team": "shop", "project": "web", "environment": "test"}

UNTAGGED = Rule(
    id=ID,
    title="Resources lack the tags that say who pays",
    description="Costs of resources without these tags cannot be allotted to anybody.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_ACCOUNT,
    permissions=("tag:GetResources",),
    source="Resource Groups Tagging API; AWS Billing user guide, cost allocation tags",
    blind_spots="Tags are taken from the services' own lists, as the tagging interface does not list what never had a "
    "tag. Looked at are tables, volumes, addresses, instances, file systems, clusters, functions, load balancers, "
    "gateways, databases, warehouses and buckets. One value is written to all that lack a tag: exempt what belongs to "
    "somebody else first. What a service refuses to tag is found again.",
    parameters=(
        Parameter(name="required", default=KEYS, meaning="Keys of tags that every resource must have."),
        Parameter(name="values", default=(), meaning="KEY=VALUE for tags that are written where they are missing."),
    ),
    needs=("Account",),
    also_reads=TAGGED_KINDS,
    check=has_untagged,
    group="allocation",
    remedy=Remedy(
        says="Writes the named values where tags are missing.",
        plan=write_tags,
        reversible=Reversible.YES,
        permissions=(
            *("dynamodb:TagResource", "dynamodb:UntagResource", "ec2:CreateTags", "ec2:DeleteTags"),
            *("eks:TagResource", "eks:UntagResource", "elasticfilesystem:TagResource"),
            *("elasticfilesystem:UntagResource", "elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"),
            *("lambda:TagResource", "lambda:UntagResource", "rds:AddTagsToResource", "rds:RemoveTagsFromResource"),
            *("redshift:CreateTags", "redshift:DeleteTags", "s3:GetBucketTagging", "s3:PutBucketTagging"),
            *("tag:TagResources", "tag:UntagResources"),
        ),
    ),
    examples=(
        fires(_account(), _volume(project="web"), parameters=KNOWN),
        fires(_account(), _volume(team="shop", environment="test"), parameters=KNOWN),
        fires(_account(), _volume(**WHOLE | {"team": ""}), parameters=UNKNOWN),
        quiet(_account(), _volume(**WHOLE), parameters=KNOWN),
        quiet(_account(), _volume("Tags"), parameters=KNOWN),
        quiet(_account(), _volume(**{"remediation-exempt": "all"}), parameters=KNOWN),
        quiet(_account(), parameters=KNOWN),
    ),
)
