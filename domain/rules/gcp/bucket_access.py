"""Who may read buckets."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules import gcp_example as example
from domain.rules.gcp_step import bucket_step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

EVERYBODY = ("allUsers", "allAuthenticatedUsers")
ENFORCED, INHERITED = "enforced", "inherited"
PERMISSIONS = ("storage.buckets.get", "storage.buckets.update")


def is_public(bucket: Resource, _: RuleContext) -> Observation | None:
    """Fires where the policy of the bucket gives everybody, or everybody with an account at Google, a role."""
    given = _public(bucket)
    if not given:
        return None
    roles = sorted({one["role"] for one in given})
    return Observation(
        reason=f"Bucket {bucket.name} gives {' and '.join(roles)} to everybody on the internet.",
        observed={"bindings": given},
    )


def close(bucket: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Everybody goes out of the policy, which is kept otherwise, and may not come in again."""
    given = _public(bucket)
    back = _policy(bucket, "open-again", f"Give everybody the roles on {bucket.name} again.", {"add": given})
    says = f"Take everybody out of the policy of {bucket.name}: {', '.join(sorted({one['role'] for one in given}))}."
    removed = _policy(bucket, "close", says, {"remove": given}, undo=(back,))
    former = (bucket.config.get("iamConfiguration") or {}).get("publicAccessPrevention", INHERITED)
    if former == ENFORCED:
        return (removed,)
    lifted = _prevention(bucket, "allow-again", former, f"Let {bucket.name} be made public again.")
    kept = _prevention(bucket, "prevent", ENFORCED, f"Let nobody make {bucket.name} public again.", undo=(lifted,))
    return (removed, kept)


def has_lists(bucket: Resource, _: RuleContext) -> Observation | None:
    """Fires where each object may have an access list of its own."""
    if _uniform(bucket) is not False:
        return None
    return Observation(
        reason=f"Objects of the bucket {bucket.name} may each be opened by a list of their own.",
        observed={"uniformBucketLevelAccess": False},
    )


def make_uniform(bucket: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The lists stop counting; Google remembers them for ninety days."""
    back = _access(bucket, "lists-again", False, f"Let lists of objects of {bucket.name} count again.")
    says = (
        f"Let only the policy of {bucket.name} say who may read it. Whoever is let in by a list of objects alone is "
        "shut out."
    )
    return (_access(bucket, "uniform", True, says, undo=(back,)),)


def _public(bucket: Resource) -> list[dict[str, Any]]:
    """What everybody is given: role, member and the condition it hangs on."""
    return [
        {"role": binding["role"], "member": member, "condition": binding.get("condition")}
        for binding in (bucket.config.get("iam_policy") or {}).get("bindings") or ()
        for member in binding.get("members") or ()
        if member in EVERYBODY
    ]


def _policy(bucket: Resource, name: str, says: str, change: dict[str, Any], undo: tuple[Step, ...] = ()) -> Step:
    arguments = {"bucket": bucket.config["name"], "change": change}
    return Step(
        name=name, says=says, call=Call(operation="storage.buckets.setIamPolicy", arguments=arguments), undo=undo
    )


def _prevention(bucket: Resource, name: str, value: str, says: str, undo: tuple[Step, ...] = ()) -> Step:
    return bucket_step(name, says, bucket, {"iamConfiguration": {"publicAccessPrevention": value}}, undo=undo)


def _access(bucket: Resource, name: str, is_uniform: bool, says: str, undo: tuple[Step, ...] = ()) -> Step:
    body = {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": is_uniform}}}
    return bucket_step(name, says, bucket, body, undo=undo)


def _uniform(bucket: Resource) -> bool | None:
    found: bool | None = (
        (bucket.config.get("iamConfiguration") or {}).get("uniformBucketLevelAccess", {}).get("enabled")
    )
    return found


def _bucket(*bindings: dict[str, Any], prevention: str = INHERITED, is_uniform: bool | None = True) -> Resource:
    access = {} if is_uniform is None else {"uniformBucketLevelAccess": {"enabled": is_uniform}}
    owner = {"role": "roles/storage.admin", "members": ["user:a@shop.example"]}
    return example.bucket(
        iam_policy={"etag": "CAE=", "bindings": [owner, *bindings]},
        iamConfiguration={"publicAccessPrevention": prevention, **access},
    )


READ = {"role": "roles/storage.objectViewer", "members": ["allUsers", "user:b@shop.example"]}
LIST = {"role": "roles/storage.legacyBucketReader", "members": ["allAuthenticatedUsers"]}

PUBLIC = Rule(
    id="gcp-bucket-public",
    title="Bucket is open to everybody",
    description="What everybody may read is copied by strangers within days.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.GCP_BUCKET,
    permissions=("storage.buckets.list", "storage.buckets.getIamPolicy"),
    source="Cloud Storage, buckets.list and buckets.getIamPolicy; CIS Google Cloud Foundation 5.1",
    blind_spots="Single objects that lists of their own open are not seen; the second step closes them as well. A "
    "bucket that serves a web page is meant to be open: give it the label remediation-exempt.",
    needs=("iam_policy",),
    check=is_public,
    group="data-exposure",
    remedy=Remedy(
        says="Takes everybody out of the policy and prevents public access.",
        plan=close,
        reversible=Reversible.YES,
        permissions=(*PERMISSIONS, "storage.buckets.setIamPolicy"),
    ),
    examples=(
        fires(_bucket(READ, LIST)),
        fires(_bucket(READ, prevention=ENFORCED)),
        quiet(_bucket()),
        quiet(example.bucket(iam_policy=None)),
    ),
)

LISTS = Rule(
    id="gcp-bucket-uniform",
    title="Objects of a bucket have access lists of their own",
    description="One policy for the whole bucket can be read and checked. Lists on a million objects cannot.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.GCP_BUCKET,
    permissions=("storage.buckets.list",),
    source="Cloud Storage, buckets.list (iamConfiguration); CIS Google Cloud Foundation 5.2",
    blind_spots="Whether anybody is let in by such a list alone is not looked at.",
    needs=("iamConfiguration",),
    check=has_lists,
    group="data-exposure",
    remedy=Remedy(
        says="Lets the policy of the bucket alone decide.",
        plan=make_uniform,
        reversible=Reversible.PARTLY,
        loses="After ninety days it cannot be undone any more, and the lists are gone.",
        permissions=PERMISSIONS,
    ),
    examples=(fires(_bucket(is_uniform=False)), quiet(_bucket()), quiet(_bucket(is_uniform=None))),
)
