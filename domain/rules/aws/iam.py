"""IAM users and keys that are easier to steal than they need to be."""

from datetime import datetime, timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet


def lacks_mfa(user: Resource, _: RuleContext) -> Observation | None:
    """Fires on a user with a console password and no MFA device."""
    if "MFADevices" not in user.config or user.config["MFADevices"] or not user.config.get("LoginProfile"):
        return None
    return Observation(
        reason=f"User {user.name} signs in to the console with a password alone; no MFA device is enrolled.",
        observed={"LoginProfile": user.config["LoginProfile"], "MFADevices": []},
    )


def is_old_key(key: Resource, context: RuleContext) -> Observation | None:
    """Fires on an active key created more than `max_age_days` ago."""
    if key.config.get("Status") != "Active" or key.created_at is None:
        return None
    if context.now - key.created_at <= context.days("max_age_days"):
        return None
    owner = key.config.get("UserName", "an unknown user")
    return Observation(
        reason=f"Key {key.native_id} of {owner} has been active since {key.created_at:%Y-%m-%d} and not been replaced.",
        observed={"Status": "Active", "CreateDate": key.created_at.isoformat(), "UserName": owner},
    )


def _user(**config: Any) -> Resource:
    """A console user with an MFA device for the examples."""
    plain = {"LoginProfile": {"CreateDate": "2026-01-01T00:00:00+00:00"}, "MFADevices": [{"SerialNumber": "arn:x"}]}
    return Resource(
        kind=ResourceKind.AWS_IAM_USER, native_id="arn:aws:iam::1:user/ops", name="ops", config={**plain, **config}
    )


def _key(created_at: datetime, status: str = "Active") -> Resource:
    config = {"Status": status, "UserName": "ops", "CreateDate": created_at.isoformat()}
    return Resource(
        kind=ResourceKind.AWS_IAM_ACCESS_KEY, native_id="AKIA1", name="AKIA1", config=config, created_at=created_at
    )


USER_MFA = Rule(
    id="aws-iam-user-mfa",
    title="Console user has no MFA",
    description="A stolen or guessed password is enough to get in. A second factor stops that.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_IAM_USER,
    permissions=("iam:GetLoginProfile", "iam:ListMFADevices", "iam:ListUsers"),
    source="CIS AWS Foundations Benchmark 1.10; IAM GetLoginProfile, ListMFADevices",
    blind_spots="The root user is no IAM user. Users of IAM Identity Center or of a federation are not seen here.",
    parameters=(
        Parameter(
            name="grace_days",
            default=7,
            meaning="Days a user has to enrol a device before the fix may be applied; the finding opens at once.",
        ),
    ),
    needs=("LoginProfile", "MFADevices"),
    check=lacks_mfa,
    examples=(fires(_user(MFADevices=[])), quiet(_user()), quiet(_user(LoginProfile=None, MFADevices=[]))),
)

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
    check=is_old_key,
    examples=(
        fires(_key(EXAMPLE_NOW - timedelta(days=91)), parameters={"max_age_days": 90}),
        quiet(_key(EXAMPLE_NOW - timedelta(days=89)), parameters={"max_age_days": 90}),
        quiet(_key(EXAMPLE_NOW - timedelta(days=91), status="Inactive"), parameters={"max_age_days": 90}),
    ),
)
