"""S3 buckets that strangers can reach, or may be opened to them by a slip."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

BLOCK_SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
ALL_ON = dict.fromkeys(BLOCK_SETTINGS, True)
# The two groups that mean everybody. Source: Amazon S3 user guide, "Access control list overview".
PUBLIC_GROUPS = {
    "http://acs.amazonaws.com/groups/global/AllUsers": "anyone on the internet",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "anyone with any AWS account",
}


def is_public(bucket: Resource, _: RuleContext) -> Observation | None:
    """Fires on a public policy or access list while not all four block settings are on."""
    missing, ways = _settings_off(bucket), _public_ways(bucket)
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


def block_bucket(bucket: Resource, _: RuleContext) -> tuple[Step, ...]:
    """All four settings on; undone by the former ones, or by none where there were none."""
    own = {"Bucket": bucket.native_id}
    says = f"Block all public access to {bucket.name}; a website served from it is closed, too."
    return (_blocked(bucket, "s3", own, says),)


def is_account_unblocked(account: Resource, _: RuleContext) -> Observation | None:
    """Fires when not all four settings are on for the account as a whole."""
    missing = _settings_off(account)
    if not missing:
        return None
    return Observation(
        reason=f"Account {account.name} leaves it to each bucket whether strangers may reach it.",
        observed={"block_settings_off": missing},
    )


def block_account(account: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The same for the account: it stands above what buckets say."""
    own = {"AccountId": account.native_id}
    says = f"Block public access to every bucket of account {account.name}, whatever the buckets themselves say."
    return (_blocked(account, "s3control", own, says),)


def _blocked(subject: Resource, service: str, own: dict[str, Any], says: str) -> Step:
    former = subject.config.get("PublicAccessBlockConfiguration")
    put, delete = f"{service}.put_public_access_block", f"{service}.delete_public_access_block"
    back = (
        Call(operation=put, region=subject.region, arguments={**own, "PublicAccessBlockConfiguration": former})
        if former
        else Call(operation=delete, region=subject.region, arguments=own)
    )
    return Step(
        name="block",
        says=says,
        call=Call(operation=put, region=subject.region, arguments={**own, "PublicAccessBlockConfiguration": ALL_ON}),
        undo=(Step(name="back", says=f"Set the block of public access of {subject.name} as it was.", call=back),),
    )


def _settings_off(subject: Resource) -> list[str]:
    """Those of the four that are not on; none where that could not be read."""
    if "PublicAccessBlockConfiguration" not in subject.config:
        return []
    block = subject.config["PublicAccessBlockConfiguration"] or {}
    return [setting for setting in BLOCK_SETTINGS if block.get(setting) is not True]


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


def _account(block: dict[str, bool] | None) -> Resource:
    config = {"Account": "123456789012", "PublicAccessBlockConfiguration": block}
    return Resource(kind=ResourceKind.AWS_ACCOUNT, native_id="123456789012", name="123456789012", config=config)


def _grant(group: str) -> dict[str, Any]:
    grantee = {"Type": "Group", "URI": f"http://acs.amazonaws.com/groups/global/{group}"}
    return {"Grantee": grantee, "Permission": "READ"}


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
    group="data-exposure",
    remedy=Remedy(
        says="Blocks all public access to the bucket, above its policy and access lists.",
        plan=block_bucket,
        reversible=Reversible.YES,
        permissions=("s3:PutBucketPublicAccessBlock",),
    ),
    examples=(
        fires(_bucket(PolicyStatus={"IsPublic": True})),
        fires(_bucket(Grants=[_grant("AllUsers")])),
        fires(_bucket(Grants=[_grant("AuthenticatedUsers")], PublicAccessBlockConfiguration={"BlockPublicAcls": True})),
        quiet(_bucket()),
        quiet(_bucket(PolicyStatus={"IsPublic": True}, PublicAccessBlockConfiguration=ALL_ON)),
    ),
)

ACCOUNT_UNBLOCKED = Rule(
    id="aws-s3-account-public-block",
    title="Public access to buckets is not blocked for the account",
    description="The block of the account stands above every bucket, also above those that are made tomorrow.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_ACCOUNT,
    permissions=("s3:GetAccountPublicAccessBlock",),
    source="CIS AWS Foundations Benchmark 2.1.4; AWS Security Hub S3.1; S3 Control GetPublicAccessBlock",
    blind_spots="Whether a bucket of the account is public on purpose, as a website is, is not looked at here.",
    needs=("PublicAccessBlockConfiguration",),
    check=is_account_unblocked,
    group="data-exposure",
    remedy=Remedy(
        says="Blocks public access to all buckets of the account.",
        plan=block_account,
        reversible=Reversible.YES,
        permissions=("s3:PutAccountPublicAccessBlock",),
    ),
    examples=(
        fires(_account(None)),
        fires(_account({**ALL_ON, "IgnorePublicAcls": False})),
        quiet(_account(ALL_ON)),
    ),
)
