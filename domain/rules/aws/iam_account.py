"""What an AWS account asks of passwords, and how its root user is kept."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_user import GONE
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

# Source: CIS AWS Foundations Benchmark 1.8 and 1.9; the most that IAM can remember is 24.
LENGTH, REMEMBERED = 14, 24
CLASSES = ("RequireLowercaseCharacters", "RequireNumbers", "RequireSymbols", "RequireUppercaseCharacters")
NUMBERS = ("MaxPasswordAge", "MinimumPasswordLength", "PasswordReusePrevention")
# What a call takes. Source: IAM UpdateAccountPasswordPolicy: what is left out goes back to its default.
SETTINGS = (*CLASSES, *NUMBERS, "AllowUsersToChangePassword", "HardExpiry")


def root_lacks_mfa(account: Resource, _: RuleContext) -> Observation | None:
    """Fires when the root user has no second factor."""
    if (account.config.get("SummaryMap") or {}).get("AccountMFAEnabled") != 0:
        return None
    return Observation(
        reason=f"The root user of {account.name} signs in with a password alone, and may do everything.",
        observed={"AccountMFAEnabled": 0},
    )


def root_has_key(account: Resource, _: RuleContext) -> Observation | None:
    """Fires when the root user has an access key."""
    keys = (account.config.get("SummaryMap") or {}).get("AccountAccessKeysPresent")
    if not keys:
        return None
    return Observation(
        reason=f"The root user of {account.name} has an access key, which opens everything and cannot be narrowed.",
        observed={"AccountAccessKeysPresent": keys},
    )


def is_weak(account: Resource, _: RuleContext) -> Observation | None:
    """Fires when there is no password policy, or one that asks for less than the benchmark."""
    if "PasswordPolicy" not in account.config:
        return None
    policy = account.config["PasswordPolicy"]
    lacking = _lacking(policy or {})
    if not lacking:
        return None
    told = f"asks too little of passwords: {', '.join(lacking)}" if policy else "has no policy for passwords"
    return Observation(reason=f"Account {account.name} {told}.", observed={"PasswordPolicy": policy})


def _lacking(policy: dict[str, Any]) -> list[str]:
    short = ["MinimumPasswordLength"] if policy.get("MinimumPasswordLength", 0) < LENGTH else []
    few = ["PasswordReusePrevention"] if (policy.get("PasswordReusePrevention") or 0) < REMEMBERED else []
    return [*short, *few, *(name for name in CLASSES if not policy.get(name))]


def raise_policy(account: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The policy as it is, with at least what the benchmark asks for."""
    former = account.config["PasswordPolicy"]
    kept = _settings(former or {})
    wanted = {
        **kept,
        **dict.fromkeys(CLASSES, True),
        "MinimumPasswordLength": max(LENGTH, kept.get("MinimumPasswordLength", 0)),
        "PasswordReusePrevention": REMEMBERED,
    }
    says = (
        f"Ask of passwords: {wanted['MinimumPasswordLength']} characters, letters large and small, numbers and "
        f"symbols, and none of the last {REMEMBERED}. It counts from the next change of each password."
    )
    call = Call(operation="iam.update_account_password_policy", arguments=wanted)
    return (Step(name="raise", says=says, call=call, undo=(_back(former),)),)


def _settings(policy: dict[str, Any]) -> dict[str, Any]:
    """What of a policy a call takes. Numbers that are not set are missing, or 0, which a call refuses."""
    given = {name: policy[name] for name in SETTINGS if policy.get(name) is not None}
    return {name: value for name, value in given.items() if name not in NUMBERS or value}


def _back(former: dict[str, Any] | None) -> Step:
    if former is None:
        call = Call(operation="iam.delete_account_password_policy")
        return Step(name="remove", says="Remove the policy for passwords, as there was none.", call=call, gone=GONE)
    call = Call(operation="iam.update_account_password_policy", arguments=_settings(former))
    return Step(name="back", says="Ask of passwords what was asked before.", call=call)


def _account(**config: Any) -> Resource:
    return Resource(kind=ResourceKind.AWS_ACCOUNT, native_id="123456789012", name="123456789012", config=config)


_WEAK = {
    **dict.fromkeys(CLASSES, True),
    "AllowUsersToChangePassword": True,
    "ExpirePasswords": True,
    "MaxPasswordAge": 365,
    "MinimumPasswordLength": 8,
}
_SUMMARY = ("iam:GetAccountSummary",)

ROOT_MFA = Rule(
    id="aws-iam-root-mfa",
    title="Root user has no MFA",
    description="The root user may do everything, and no policy can stop it.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_ACCOUNT,
    permissions=_SUMMARY,
    source="CIS AWS Foundations Benchmark 1.5; IAM GetAccountSummary",
    blind_spots="Whether the device is hardware is not told. A member account whose root credentials were removed "
    "counts as one without a device.",
    needs=("SummaryMap",),
    check=root_lacks_mfa,
    group="mfa",
    manual="Sign in as the root user and add an MFA device under Security credentials: no interface of AWS enrols it. "
    "In a member account of an organization the root credentials can be removed instead: turn on centralized root "
    "access in IAM of the management account, and there delete the root credentials of this account.",
    examples=(
        fires(_account(SummaryMap={"AccountMFAEnabled": 0})),
        quiet(_account(SummaryMap={"AccountMFAEnabled": 1})),
        quiet(_account()),
    ),
)

ROOT_ACCESS_KEY = Rule(
    id="aws-iam-root-access-key",
    title="Root user has an access key",
    description="Such a key opens everything, from anywhere, and no policy can narrow it.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_ACCOUNT,
    permissions=_SUMMARY,
    source="CIS AWS Foundations Benchmark 1.4; IAM GetAccountSummary",
    blind_spots="Which key it is, and when it was used, only the root user can list.",
    needs=("SummaryMap",),
    check=root_has_key,
    group="identity",
    manual="Sign in as the root user, see under Security credentials when the key was last used, move what uses it "
    "to a role, and delete the key. In a member account of an organization with centralized root access: take a "
    "privileged action on this account in IAM of the management account and delete the root access keys. CloudWatcher "
    "does not do it: acting as root needs credentials of the root user, which must not pass through here.",
    examples=(
        fires(_account(SummaryMap={"AccountAccessKeysPresent": 1})),
        quiet(_account(SummaryMap={"AccountAccessKeysPresent": 0})),
        quiet(_account()),
    ),
)

PASSWORD_POLICY = Rule(
    id="aws-iam-password-policy",
    title="Account asks too little of passwords",
    description="Short passwords and such that were used before are guessed sooner.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_ACCOUNT,
    permissions=("iam:GetAccountPasswordPolicy",),
    source="CIS AWS Foundations Benchmark 1.8 and 1.9; IAM GetAccountPasswordPolicy",
    blind_spots="Passwords that are set already are not measured. Users of a directory follow that one's policy.",
    needs=("PasswordPolicy",),
    check=is_weak,
    group="identity",
    remedy=Remedy(
        says="Raises the policy for passwords to the benchmark and keeps what else it asks for.",
        plan=raise_policy,
        reversible=Reversible.YES,
        permissions=("iam:DeleteAccountPasswordPolicy", "iam:UpdateAccountPasswordPolicy"),
    ),
    examples=(
        fires(_account(PasswordPolicy=None)),
        fires(_account(PasswordPolicy=_WEAK)),
        fires(_account(PasswordPolicy={"MinimumPasswordLength": 20, "PasswordReusePrevention": 24})),
        quiet(_account(PasswordPolicy={**_WEAK, "MinimumPasswordLength": 14, "PasswordReusePrevention": 24})),
        quiet(_account()),
    ),
)
