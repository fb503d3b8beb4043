"""S3 buckets whose data lies or travels in the clear, or under a key that its owner did not choose."""

import json
from typing import Any

from domain.facts.aws_partition import partition_of
from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

# By this tag the owner of a bucket asks for a key of KMS: its ARN, its id or its alias.
KEY_TAG = "encryption-key"
CONFIGURATION = "ServerSideEncryptionConfiguration"
DENY_ID = "DenyUnencryptedRequests"
# Source: S3 user guide, "Bucket policies".
MOST_POLICY_BYTES = 20 * 1024


def is_not_encrypted_as_asked(bucket: Resource, _: RuleContext) -> Observation | None:
    """Fires without default encryption, or on S3's own keys where the bucket's tag asks for a key of KMS."""
    if CONFIGURATION not in bucket.config:
        return None
    algorithms, asked = _algorithms(bucket), bucket.tags.get(KEY_TAG)
    if not algorithms:
        told = "has no default encryption"
    elif asked and "AES256" in algorithms:
        told = f"is encrypted with keys of S3, though its tag asks for {asked}"
    else:
        return None
    return Observation(
        reason=f"Bucket {bucket.name} {told}.", observed={"algorithms": algorithms, "asked": asked or "any"}
    )


def encrypt(bucket: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The key that is asked for, else S3's own. What else the rule says, such as ways it forbids, stays."""
    former, asked = bucket.config[CONFIGURATION], bucket.tags.get(KEY_TAG)
    rest = _rules(bucket)[0] if _rules(bucket) else {}
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": asked} if asked else {"SSEAlgorithm": "AES256"}
    # A key for the bucket spares most of the calls to KMS, which are billed. Source: S3 user guide, "S3 Bucket Keys".
    rule = {**rest, "ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bool(asked)}
    own, operation = {"Bucket": bucket.native_id}, "s3.put_bucket_encryption"
    back = (
        Call(operation=operation, region=bucket.region, arguments={**own, CONFIGURATION: former})
        if former
        else Call(operation="s3.delete_bucket_encryption", region=bucket.region, arguments=own)
    )
    return (
        Step(
            name="encrypt",
            says=f"Encrypt new objects of {bucket.name} with {asked or 'keys of S3'}; those that are there stay.",
            call=Call(operation=operation, region=bucket.region, arguments={**own, CONFIGURATION: {"Rules": [rule]}}),
            undo=(Step(name="back", says=f"Set the default encryption of {bucket.name} as it was.", call=back),),
        ),
    )


def _rules(bucket: Resource) -> list[dict[str, Any]]:
    return (bucket.config[CONFIGURATION] or {}).get("Rules") or []


def _algorithms(bucket: Resource) -> list[str]:
    defaults = [rule.get("ApplyServerSideEncryptionByDefault") or {} for rule in _rules(bucket)]
    return [one["SSEAlgorithm"] for one in defaults if one.get("SSEAlgorithm")]


def takes_plain_requests(bucket: Resource, _: RuleContext) -> Observation | None:
    """Fires when no statement of the policy denies requests without TLS."""
    if "Policy" not in bucket.config or any(_denies_plain(one) for one in _statements(_policy(bucket))):
        return None
    return Observation(
        reason=f"Bucket {bucket.name} answers requests without TLS: what is read or written may be overheard.",
        observed={"has_policy": bucket.config["Policy"] is not None, "denies_plain_requests": False},
    )


def deny_plain_requests(bucket: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One more statement; all others stay word for word, and undoing sends the former policy."""
    former, policy = bucket.config["Policy"], _policy(bucket)
    statements = _statements(policy)
    text = json.dumps({**policy, "Statement": [*statements, _denial(bucket, statements)]})
    if len(text.encode()) > MOST_POLICY_BYTES:
        raise NoPlan(f"The policy of {bucket.name} has no room left for another statement.")
    own, operation = {"Bucket": bucket.native_id}, "s3.put_bucket_policy"
    back = (
        Call(operation=operation, region=bucket.region, arguments={**own, "Policy": former})
        if former
        else Call(operation="s3.delete_bucket_policy", region=bucket.region, arguments=own)
    )
    undone = f"Set the policy of {bucket.name} as it was before; what was added since goes, too."
    return (
        Step(
            name="deny",
            says=f"Deny requests to {bucket.name} without TLS. Other statements, which stay: {len(statements)}.",
            call=Call(operation=operation, region=bucket.region, arguments={**own, "Policy": text}),
            undo=(Step(name="back", says=undone, call=back),),
        ),
    )


def _denial(bucket: Resource, others: list[dict[str, Any]]) -> dict[str, Any]:
    """Source: S3 user guide, "Examples of bucket policies", enforcing the use of TLS."""
    taken = {one.get("Sid") for one in others}
    free = (f"{DENY_ID}{number or ''}" for number in range(len(others) + 1))
    arn = f"arn:{partition_of(bucket.region or '')}:s3:::{bucket.native_id}"
    return {
        "Sid": next(one for one in free if one not in taken),
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _policy(bucket: Resource) -> dict[str, Any]:
    text = bucket.config["Policy"]
    policy: dict[str, Any] = {"Version": "2012-10-17", "Statement": []} if text is None else json.loads(text)
    return policy


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """A single one may stand without a list. Source: IAM user guide, "Grammar of the JSON policy language"."""
    found = policy.get("Statement") or []
    return found if isinstance(found, list) else [found]


def _denies_plain(statement: dict[str, Any]) -> bool:
    """Names of operators and keys are taken in any case, and values may be a list."""
    if statement.get("Effect") != "Deny":
        return False
    for operator, tested in (statement.get("Condition") or {}).items():
        if operator.lower() in ("bool", "boolifexists"):
            values = [value for key, value in tested.items() if key.lower() == "aws:securetransport"]
            if any("false" in str(value).lower() for value in values):
                return True
    return False


def _bucket(tags: dict[str, str] | None = None, **config: Any) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_S3_BUCKET,
        native_id="invoices",
        name="invoices",
        region="us-east-1",
        tags=tags or {},
        config=dict(config),
    )


def _encrypted(algorithm: str, **more: Any) -> dict[str, Any]:
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}, **more}]}


def _with_policy(*statements: Any) -> Resource:
    return _bucket(Policy=json.dumps({"Version": "2012-10-17", "Id": "own", "Statement": list(statements)}))


ASKED = {KEY_TAG: "alias/invoices"}
ALLOW = {"Sid": DENY_ID, "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:GetObject", "Resource": "*"}
DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
PLAIN = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}

NOT_ENCRYPTED = Rule(
    id="aws-s3-encryption",
    title="S3 bucket is not encrypted as its owner asks",
    description="What is written without a wish of its own is encrypted by the default of the bucket. "
    f"The tag {KEY_TAG} asks for a key of KMS.",
    category=FindingCategory.SECOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_S3_BUCKET,
    permissions=("s3:GetEncryptionConfiguration",),
    source="S3 GetBucketEncryption; AWS Security Hub S3.17",
    blind_spots="Objects that are there keep what they were written with. Since January 2023 AWS encrypts every bucket "
    "with keys of S3. Whether those who read may use the key that is asked for is not looked at.",
    needs=(CONFIGURATION,),
    check=is_not_encrypted_as_asked,
    group="encryption",
    remedy=Remedy(
        says="Sets the default encryption for what is written from now on.",
        plan=encrypt,
        reversible=Reversible.YES,
        permissions=("s3:PutEncryptionConfiguration",),
    ),
    examples=(
        fires(_bucket(**{CONFIGURATION: None})),
        fires(_bucket(ASKED, **{CONFIGURATION: _encrypted("AES256", BucketKeyEnabled=False)})),
        quiet(_bucket(**{CONFIGURATION: _encrypted("AES256")})),
        quiet(_bucket(ASKED, **{CONFIGURATION: _encrypted("aws:kms", BucketKeyEnabled=True)})),
    ),
)

PLAIN_REQUESTS = Rule(
    id="aws-s3-tls-only",
    title="S3 bucket answers requests without TLS",
    description="A statement in the policy refuses what comes over plain HTTP, whoever asks.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_S3_BUCKET,
    permissions=("s3:GetBucketPolicy",),
    source="CIS AWS Foundations Benchmark 2.1.1; AWS Security Hub S3.5; S3 GetBucketPolicy",
    blind_spots="A statement that denies plain requests only to some people, or on some objects, counts. Who comes "
    "without TLS stands in access logs, which are not read; a website served by S3 itself knows no TLS.",
    needs=("Policy",),
    check=takes_plain_requests,
    group="encryption",
    remedy=Remedy(
        says="Adds a statement to the policy that denies every request without TLS.",
        plan=deny_plain_requests,
        reversible=Reversible.YES,
        permissions=("s3:DeleteBucketPolicy", "s3:PutBucketPolicy"),
    ),
    examples=(
        fires(_bucket(Policy=None)),
        fires(_with_policy(ALLOW, {**DENY, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}})),
        fires(_with_policy({**DENY, "Condition": {"Bool": {"aws:SecureTransport": "true"}}})),
        fires(_bucket(Policy=json.dumps({"Statement": ALLOW}))),
        fires(_with_policy({**ALLOW, "Resource": "arn:aws:s3:::invoices/" + "a" * MOST_POLICY_BYTES})),
        quiet(_with_policy(ALLOW, {**DENY, **PLAIN})),
        quiet(_with_policy({**DENY, "Condition": {"boolIfExists": {"AWS:SecureTransport": ["false"]}}})),
    ),
)
