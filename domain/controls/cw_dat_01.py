"""Object stores, snapshots and images stay private."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.buckets import bucket_names
from domain.compliance.call_index import first_pages, joined
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

# Source: S3 API reference, PublicAccessBlockConfiguration.
FLAGS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
EVERY_ACCOUNT = "all"
# The firewall of a storage account counts only while public network access is on.
# Source: Storage Accounts - Create, PublicNetworkAccess.
CLOSED = frozenset({"Disabled", "SecuredByPerimeter"})
STRANGERS = frozenset({"allUsers", "allAuthenticatedUsers"})
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"


def _aws(case: Case) -> Iterator[Item]:
    """A website that is meant to be public has an exception."""
    blocked = case.answers.answer("s3control.get_public_access_block")
    statuses = first_pages(case.answers, "s3.get_bucket_policy_status", "Bucket")
    # Without a bucket, snapshot or image nothing of the account could be public.
    things = [*(_bucket(name, statuses.get(name)) for name in bucket_names(case.answers)), *_copies(case)]
    if things:
        yield _account(case.answers.account, blocked)
    yield from things


def _account(account: str, answer: Any) -> Item:
    # Accounts that never set it have no such answer.
    flags = answer["PublicAccessBlockConfiguration"] if answer else {}
    off = [flag for flag in FLAGS if not flags.get(flag)]
    if off:
        return warned(account, f"public access to buckets is not blocked by {', '.join(off)}", "all four flags on")
    return passed(account, "public access to buckets is blocked")


def _bucket(name: str, status: Any) -> Item:
    if status is not None and status["PolicyStatus"]["IsPublic"]:
        return failed(name, "the bucket policy makes it public", "no public policy")
    return passed(name, "no public policy")


def _copies(case: Case) -> Iterator[Item]:
    """Snapshots and images, which are shared one by one."""
    permissions = joined(case.answers, "ec2.describe_snapshot_attribute", "SnapshotId", "CreateVolumePermissions")
    for snapshot, given in permissions.items():
        yield _shared(snapshot, any(one.get("Group") == EVERY_ACCOUNT for one in given))
    attributes = {
        (call.region, call.arguments["DBSnapshotIdentifier"]): page["DBSnapshotAttributesResult"]
        for call in case.answers.calls("rds.describe_db_snapshot_attributes")
        for page in call.pages
    }
    for region, snapshot in case.answers.located("rds.describe_db_snapshots", "DBSnapshots"):
        own = attributes[region, snapshot["DBSnapshotIdentifier"]]["DBSnapshotAttributes"]
        values = [value for one in own for value in one["AttributeValues"]]
        yield _shared(snapshot["DBSnapshotArn"], EVERY_ACCOUNT in values)
    for image in case.answers.items("ec2.describe_images", "Images"):
        yield _shared(image["ImageId"], image["Public"])


def _shared(resource: str, is_public: bool) -> Item:
    if is_public:
        return failed(resource, "shared with every account", "shared with named accounts at most")
    return passed(resource, "not public")


def _azure(case: Case) -> Iterator[Item]:
    for account in case.answers.items("GET Microsoft.Storage/storageAccounts", "value"):
        own = account["properties"]
        # Accounts from before the setting lack it, and let containers be made public.
        if own.get("allowBlobPublicAccess") is not False:
            yield failed(account["id"], "blobs may be made public", "public access to blobs off")
        elif own.get("publicNetworkAccess") in CLOSED:
            yield passed(account["id"], "no public blobs, no public network access")
        elif own["networkAcls"]["defaultAction"] == "Allow":
            yield warned(account["id"], "no public blobs, but every network may ask", "named networks only")
        else:
            yield passed(account["id"], "no public blobs, named networks only")


def _gcp(case: Case) -> Iterator[Item]:
    policies = first_pages(case.answers, "storage.v1:buckets.getIamPolicy", "bucket")
    for bucket in case.answers.items("storage.v1:buckets.list", "items"):
        name = f"//storage.googleapis.com/{bucket['name']}"
        prevention = bucket["iamConfiguration"]["publicAccessPrevention"]
        members = _members(policies[bucket["name"]])
        # Where public access is prevented, members like these have no effect.
        if prevention == "enforced":
            yield passed(name, "public access is prevented")
        elif members:
            yield failed(name, f"access for {', '.join(members)}", "no public member")
        else:
            yield warned(name, "no public member, but public access is not prevented", "public access prevented")


def _members(policy: Mapping[str, Any]) -> list[str]:
    """The members that are everybody. A policy without bindings has no such field."""
    members = {member for one in policy.get("bindings") or [] for member in one.get("members") or []}
    return sorted(members & STRANGERS)


def _digitalocean(case: Case) -> Iterator[Item]:
    """A website that is meant to be public has an exception."""
    for space, grants in joined(case.answers, "SPACES s3.get_bucket_acl", "Bucket", "Grants").items():
        if any(grant["Grantee"].get("URI") == ALL_USERS for grant in grants):
            yield failed(space, "listed to everybody", "no grant to the group AllUsers")
        else:
            yield passed(space, "no grant to the group AllUsers")
    for image in case.answers.items("GET /v2/images", "images"):
        if image["public"]:
            yield failed(str(image["id"]), "public image", "private images")
        else:
            yield passed(str(image["id"]), "private image")


CONTROL = Control(
    id="CW-DAT-01",
    name="Object stores, snapshots and images stay private",
    category="data",
    severity=Severity.CRITICAL,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.1", "CC6.7", "C1.1"),
    objective="Nothing that holds data is readable by strangers.",
    owner_role="security",
    remediations=(
        "aws.s3.block_public_access_account",
        "aws.ec2.unshare_snapshot",
        "aws.rds.unshare_snapshot",
        "gcp.storage.enforce_pap",
        "azure.storage.disable_blob_public",
    ),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=(
                "s3control.get_public_access_block",
                "s3.list_buckets",
                "s3.get_bucket_policy_status",
                "ec2.describe_snapshot_attribute",
                "rds.describe_db_snapshots",
                "rds.describe_db_snapshot_attributes",
                "ec2.describe_images",
            ),
            passes=(
                "All four flags of the account that block public access are on, no bucket has a public policy, and no"
                " snapshot or image is public."
            ),
            warns="No bucket is public, but not all four flags of the account are on.",
            fails="A bucket is public and no website with an exception, or a snapshot or image is public.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=("GET Microsoft.Storage/storageAccounts",),
            passes="Blobs cannot be made public, and only named networks, or none, reach the account.",
            warns="Blobs cannot be made public, but every network reaches the account.",
            fails="Blobs may be made public.",
            judge=_azure,
            version=2,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=("storage.v1:buckets.list", "storage.v1:buckets.getIamPolicy"),
            passes="Public access prevention is enforced.",
            warns="It is not enforced, but neither allUsers nor allAuthenticatedUsers is a member.",
            fails="It is not enforced, and allUsers or allAuthenticatedUsers is a member.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="resource",
            operations=("SPACES s3.get_bucket_acl", "GET /v2/images"),
            passes="No space is granted to the group AllUsers, and no image is public.",
            fails="A space is granted to AllUsers and is no website with an exception, or an image is public.",
            judge=_digitalocean,
        ),
    ),
)
