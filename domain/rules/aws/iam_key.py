"""Access keys of IAM users that are easier to steal than they need to be, or are stolen."""

from datetime import datetime, timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.aws_user import delete_policy, find_user, inline_policies, key_status, put_policy
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

ACTIVE, INACTIVE = "Active", "Inactive"
# AWS attaches V2 or V3 when it finds a key in public. Source: AWS managed policy reference,
# AWSCompromisedKeyQuarantineV3.
QUARANTINE = ":iam::aws:policy/AWSCompromisedKeyQuarantine"
SESSIONS_POLICY = "cloudwatcher-deny-sessions"
# Only requests of a session carry the time it was begun, so that those are all denied, and no clock is needed.
# Source: IAM user guide, "Revoking temporary security credentials", and "aws:TokenIssueTime".
DENY_SESSIONS: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "NoSessions",
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"Null": {"aws:TokenIssueTime": "false"}},
        }
    ],
}


def is_old_key(key: Resource, context: RuleContext) -> Observation | None:
    """Fires on an active key created more than `max_age_days` ago."""
    if key.config.get("Status") != ACTIVE or key.created_at is None:
        return None
    if context.now - key.created_at <= context.days("max_age_days"):
        return None
    owner = key.config.get("UserName", "an unknown user")
    return Observation(
        reason=f"Key {key.native_id} of {owner} has been active since {key.created_at:%Y-%m-%d} and not been replaced.",
        observed={"Status": ACTIVE, "CreateDate": key.created_at.isoformat(), "UserName": owner},
    )


def retire(key: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Deactivates a key that has a successor. That one is made by a person: its secret must not pass through here."""
    owner = key.config["UserName"]
    if _last_used(key) is not None and not any(_succeeds(one, key) for one in context.every(key.kind)):
        raise NoPlan(
            f"Make a new key for {owner} and roll it out first: its secret is shown once and must not pass through "
            f"CloudWatcher. Then {key.native_id} can be deactivated here."
        )
    return _deactivated(key)


def _succeeds(other: Resource, key: Resource) -> bool:
    """Whether the other key is a newer active one of the same user."""
    is_of_user = other.config.get("UserName") == key.config["UserName"] and other.config.get("Status") == ACTIVE
    made, before = other.created_at, key.created_at
    return bool(is_of_user and made and before and made > before)


def _deactivated(key: Resource) -> tuple[Step, ...]:
    owner, key_id = key.config["UserName"], key.native_id
    back = key_status(owner, key_id, ACTIVE, f"Activate key {key_id} of {owner} again.", "back")
    return (key_status(owner, key_id, INACTIVE, f"Deactivate key {key_id} of {owner}.", "deactivate", (back,)),)


def is_unused_key(key: Resource, context: RuleContext) -> Observation | None:
    """Fires on an active key not used for `unused_days`; one never used counts from its creation."""
    if key.config.get("Status") != ACTIVE or not key.config.get("AccessKeyLastUsed") or key.created_at is None:
        return None
    used = _last_used(key)
    since = max(key.created_at, used or key.created_at)
    if context.now - since <= context.days("unused_days"):
        return None
    owner = key.config.get("UserName", "an unknown user")
    told = f"was last used on {used:%Y-%m-%d}" if used else f"has not been used since it was made on {since:%Y-%m-%d}"
    return Observation(
        reason=f"Key {key.native_id} of {owner} is active and {told}.",
        observed={"Status": ACTIVE, "LastUsedDate": used and used.isoformat(), "UserName": owner},
    )


def deactivate(key: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The key stays, so that it can be activated again."""
    return _deactivated(key)


def _last_used(key: Resource) -> datetime | None:
    used = (key.config.get("AccessKeyLastUsed") or {}).get("LastUsedDate")
    return datetime.fromisoformat(used) if used else None


def is_compromised(key: Resource, context: RuleContext) -> Observation | None:
    """Fires on an active key of a user whom AWS has put in quarantine."""
    owner = key.config.get("UserName", "")
    user = find_user(owner, context)
    attached = (user and user.config.get("AttachedPolicies")) or []
    signs = [one["PolicyArn"] for one in attached if QUARANTINE in one["PolicyArn"]]
    if key.config.get("Status") != ACTIVE or not signs:
        return None
    return Observation(
        reason=f"AWS has found a key of {owner} in public and put the user in quarantine; {key.native_id} still works.",
        observed={"Status": ACTIVE, "UserName": owner, "AttachedPolicies": signs},
    )


def quarantine(key: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The key goes to sleep, and sessions that were begun with it end."""
    owner = key.config["UserName"]
    user = find_user(owner, context)
    if user is not None and any(one["PolicyName"] == SESSIONS_POLICY for one in inline_policies(user)):
        return _deactivated(key)
    back = delete_policy(owner, SESSIONS_POLICY, f"Let {owner} work in sessions again.", "back-to-sessions")
    says = f"Deny {owner} everything in any session, begun by now or later, until this is taken back."
    return (*_deactivated(key), put_policy(owner, SESSIONS_POLICY, DENY_SESSIONS, says, "deny", (back,)))


def _key(
    days: int, status: str = ACTIVE, key_id: str = "EXAMPLE-KEY-0001", used: int | None = None, **config: Any
) -> Resource:
    """A key of ops, made and used so many days ago, for the examples."""
    created = EXAMPLE_NOW - timedelta(days=days)
    last = {} if used is None else {"LastUsedDate": (EXAMPLE_NOW - timedelta(days=used)).isoformat()}
    plain = {"Status": status, "UserName": "ops", "CreateDate": created.isoformat(), "AccessKeyLastUsed": last}
    plain["AccessKeyLastUsed"] = {"Region": "N/A", "ServiceName": "N/A", **last}
    return Resource(
        kind=ResourceKind.AWS_IAM_ACCESS_KEY,
        native_id=key_id,
        name=key_id,
        config={**plain, **config},
        created_at=created,
    )


def _user(*policies: str, **config: Any) -> Resource:
    attached = [{"PolicyName": one, "PolicyArn": f"arn:aws:iam::aws:policy/{one}"} for one in policies]
    return Resource(
        kind=ResourceKind.AWS_IAM_USER,
        native_id="arn:aws:iam::123456789012:user/ops",
        name="ops",
        config={"UserName": "ops", "AttachedPolicies": attached, **config},
    )


_ACT = ("iam:UpdateAccessKey",)
_AGE, _UNUSED = {"max_age_days": 90}, {"unused_days": 45}
KEY_ROTATION = Rule(
    id="aws-iam-key-rotation",
    title="Access key is old",
    description="A key that leaked long ago still opens the account. Rotating keys limits how long a leak is worth.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_IAM_ACCESS_KEY,
    permissions=("iam:GetAccessKeyLastUsed", "iam:ListAccessKeys", "iam:ListUsers"),
    source="CIS AWS Foundations Benchmark 1.14; IAM ListAccessKeys",
    blind_spots="Keys of the root user are not listed. Whether the key is still needed is not judged here.",
    parameters=(
        Parameter(name="max_age_days", default=90, meaning="Days a key may be active."),
        Parameter(
            name="overlap_days",
            default=7,
            meaning="Days without use after which a replaced key may be deleted; the finding does not hang on it.",
        ),
    ),
    needs=("Status", "CreateDate"),
    also_reads=(ResourceKind.AWS_IAM_ACCESS_KEY,),
    check=is_old_key,
    group="identity",
    remedy=Remedy(
        says="Deactivates the key once a newer one of the same user is active, or when it was never used.",
        plan=retire,
        reversible=Reversible.YES,
        permissions=_ACT,
    ),
    examples=(
        fires(_key(91, used=1), _key(3, key_id="EXAMPLE-KEY-0002"), parameters=_AGE),
        fires(_key(91, used=1), parameters=_AGE),
        fires(_key(91), parameters=_AGE),
        quiet(_key(89), parameters=_AGE),
        quiet(_key(91, status=INACTIVE), parameters=_AGE),
    ),
)

KEY_UNUSED = Rule(
    id="aws-iam-key-unused",
    title="Access key is not used",
    description="A key that nobody uses opens the account all the same. Deactivated, it can be brought back.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_IAM_ACCESS_KEY,
    permissions=("iam:GetAccessKeyLastUsed", "iam:ListAccessKeys"),
    source="CIS AWS Foundations Benchmark 1.12; IAM GetAccessKeyLastUsed",
    blind_spots="AWS has noted uses since April 2015, and some minutes late. Jobs that run less often than unused_days "
    "look like no use. Keys of the root user are not listed.",
    parameters=(Parameter(name="unused_days", default=45, meaning="Days a key may lie unused."),),
    needs=("Status", "AccessKeyLastUsed"),
    check=is_unused_key,
    group="identity",
    remedy=Remedy(says="Deactivates the key.", plan=deactivate, reversible=Reversible.YES, permissions=_ACT),
    examples=(
        fires(_key(400, used=46), parameters=_UNUSED),
        fires(_key(46), parameters=_UNUSED),
        quiet(_key(400, used=44), parameters=_UNUSED),
        quiet(_key(44), parameters=_UNUSED),
        quiet(_key(400, status=INACTIVE), parameters=_UNUSED),
        quiet(_key(400, AccessKeyLastUsed=None), parameters=_UNUSED),
    ),
)

COMPROMISED = Rule(
    id="aws-compromised-key",
    title="Leaked access key still works",
    description="AWS found a key in public. Its quarantine denies only some actions, so the key itself must go.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_IAM_ACCESS_KEY,
    permissions=("iam:ListAttachedUserPolicies",),
    source="AWS managed policy reference, AWSCompromisedKeyQuarantineV3; MITRE ATT&CK T1078.004",
    blind_spots="AWS does not say here which key of the user leaked, so each active one counts. Security events, which "
    "may show misuse of a key as well, are judged by detectors and not here.",
    needs=("Status",),
    also_reads=(ResourceKind.AWS_IAM_USER,),
    check=is_compromised,
    group="response",
    remedy=Remedy(
        says="Deactivates the key and denies the user every session.",
        plan=quarantine,
        reversible=Reversible.YES,
        permissions=("iam:DeleteUserPolicy", "iam:PutUserPolicy", "iam:UpdateAccessKey"),
    ),
    examples=(
        fires(_key(10), _user("AWSCompromisedKeyQuarantineV3")),
        fires(_key(10), _user("AWSCompromisedKeyQuarantineV2", UserPolicyList=[{"PolicyName": SESSIONS_POLICY}])),
        quiet(_key(10), _user("ReadOnlyAccess")),
        quiet(_key(10, status=INACTIVE), _user("AWSCompromisedKeyQuarantineV3")),
        quiet(_key(10)),
    ),
)
