"""S3 buckets that strangers can reach."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

BLOCK_SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
# The two groups that mean everybody. Source: Amazon S3 user guide, "Access control list overview".
PUBLIC_GROUPS = {
    "http://acs.amazonaws.com/groups/global/AllUsers": "anyone on the internet",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "anyone with any AWS account",
}


def is_public(bucket: Resource, _: RuleContext) -> Observation | None:
    """Fires on a public policy or access list while not all four block settings are on."""
    if "PublicAccessBlockConfiguration" not in bucket.config:
        return None
    block = bucket.config["PublicAccessBlockConfiguration"] or {}
    missing = [setting for setting in BLOCK_SETTINGS if block.get(setting) is not True]
    ways = _public_ways(bucket)
    if not missing or not ways:
        return None
    return Observation(
        reason=f"Bucket {bucket.name} is open: {' and '.join(ways)}, and its public access block is not complete.",
        observed={
            "PolicyStatus": bucket.config.get("PolicyStatus"),
            "public_grants": [grant["Permission"] for grant in _public_grants(bucket)],
            "block_settings_off": missing,
        },
    )


def _public_ways(bucket: Resource) -> list[str]:
    is_open_by_policy = (bucket.config.get("PolicyStatus") or {}).get("IsPublic") is True
    ways = ["its policy is public"] if is_open_by_policy else []
    who = {PUBLIC_GROUPS[grant["Grantee"]["URI"]] for grant in _public_grants(bucket)}
    return ways + [f"its access list names {group}" for group in sorted(who)]


def _public_grants(bucket: Resource) -> list[dict[str, Any]]:
    grants = bucket.config.get("Grants") or []
    return [grant for grant in grants if (grant.get("Grantee") or {}).get("URI") in PUBLIC_GROUPS]


def _bucket(**config: Any) -> Resource:
    """A private, unblocked bucket for the examples."""
    plain: dict[str, Any] = {"PublicAccessBlockConfiguration": None, "PolicyStatus": None, "Grants": []}
    return Resource(
        kind=ResourceKind.AWS_S3_BUCKET,
        native_id="invoices",
        name="invoices",
        region="us-east-1",
        config={**plain, **config},
    )


def _grant(group: str) -> dict[str, Any]:
    grantee = {"Type": "Group", "URI": f"http://acs.amazonaws.com/groups/global/{group}"}
    return {"Grantee": grantee, "Permission": "READ"}


ALL_ON = dict.fromkeys(BLOCK_SETTINGS, True)

BUCKET_PUBLIC = Rule(
    id="aws-s3-bucket-public",
    title="S3 bucket can be reached by anyone",
    description="A public policy or access list opens the bucket to strangers. Blocking public access closes it.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_S3_BUCKET,
    permissions=("s3:GetBucketAcl", "s3:GetBucketPolicyStatus", "s3:GetBucketPublicAccessBlock"),
    source="AWS Security Hub S3.8; S3 GetPublicAccessBlock, GetBucketPolicyStatus, GetBucketAcl",
    blind_spots="The block of the whole account, access points with a policy of their own, and access lists of single "
    "objects are not read. A website may be public on purpose.",
    needs=("PublicAccessBlockConfiguration", "PolicyStatus", "Grants"),
    check=is_public,
    examples=(
        fires(_bucket(PolicyStatus={"IsPublic": True})),
        fires(_bucket(Grants=[_grant("AllUsers")])),
        fires(_bucket(Grants=[_grant("AuthenticatedUsers")], PublicAccessBlockConfiguration={"BlockPublicAcls": True})),
        quiet(_bucket()),
        quiet(_bucket(PolicyStatus={"IsPublic": True}, PublicAccessBlockConfiguration=ALL_ON)),
    ),
)
