"""IAM users who sign in to the console: without a second factor, or no more."""

from datetime import datetime, timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_user import GONE, delete_policy, has_inline, put_policy
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

MFA_POLICY = "cloudwatcher-require-mfa"
# What a user needs before a device is enrolled. Source: IAM user guide, "AWS: Allows MFA-authenticated IAM users to
# manage their own credentials on the Security credentials page".
ON_DEVICE = ["iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice"]
ON_SELF = ["iam:ChangePassword", "iam:EnableMFADevice", "iam:GetUser", "iam:ListMFADevices", "iam:ResyncMFADevice"]
ON_ACCOUNT = ["iam:GetAccountPasswordPolicy", "iam:ListVirtualMFADevices"]


def lacks_mfa(user: Resource, _: RuleContext) -> Observation | None:
    """Fires on a user with a console password and no MFA device, unless sessions without one may do nothing."""
    if "MFADevices" not in user.config or user.config["MFADevices"] or not user.config.get("LoginProfile"):
        return None
    if has_inline(user, MFA_POLICY, mfa_document(user)):
        return None
    return Observation(
        reason=f"User {user.name} signs in to the console with a password alone; no MFA device is enrolled.",
        observed={"LoginProfile": user.config["LoginProfile"], "MFADevices": []},
    )


def mfa_document(user: Resource) -> dict[str, Any]:
    """Denies sessions without a second factor everything but enrolling one, and allows that.

    Calls signed with an access key say nothing of a factor and go on: `Bool` does not hold for a key that is missing.
    """
    partition, account = user.native_id.split(":")[1], user.native_id.split(":")[4]
    devices = f"arn:{partition}:iam::{account}:mfa/*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "OwnDevice", "Effect": "Allow", "Action": ON_DEVICE, "Resource": devices},
            {"Sid": "OwnUser", "Effect": "Allow", "Action": ON_SELF, "Resource": user.native_id},
            {"Sid": "Lists", "Effect": "Allow", "Action": ON_ACCOUNT, "Resource": "*"},
            {
                "Sid": "NothingElseWithoutMfa",
                "Effect": "Deny",
                "NotAction": sorted([*ON_DEVICE, *ON_SELF, *ON_ACCOUNT, "sts:GetSessionToken"]),
                "Resource": "*",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
            },
        ],
    }


def require_mfa(user: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One policy in the user; taking it out again is the undo."""
    name = user.name
    back = delete_policy(name, MFA_POLICY, f"Let {name} work without a second factor again.", "back")
    says = (
        f"Deny {name} everything but enrolling an MFA device until a console session has a second factor. "
        "Calls with access keys go on."
    )
    return (put_policy(name, MFA_POLICY, mfa_document(user), says, "deny", (back,)),)


def leaves_console_unused(user: Resource, context: RuleContext) -> Observation | None:
    """Fires on a password that was not used for `unused_days`, or never since it was set."""
    profile = user.config.get("LoginProfile")
    set_at = profile and profile.get("CreateDate")
    used_at = user.config.get("PasswordLastUsed")
    if not set_at:
        return None
    # A password that was set again lately counts as used then.
    last = max(datetime.fromisoformat(one) for one in (set_at, used_at) if one)
    if context.now - last <= context.days("unused_days"):
        return None
    told = f"last signed in on {used_at[:10]}" if used_at else f"has never signed in since {set_at[:10]}"
    return Observation(
        reason=f"User {user.name} has a console password and {told}.",
        observed={"PasswordLastUsed": used_at, "LoginProfile": profile},
    )


def remove_console(user: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Without an undo: that would need a password, which nobody but the user should know."""
    call = Call(operation="iam.delete_login_profile", arguments={"UserName": user.name})
    says = (
        f"Remove the console password of {user.name}. Access keys go on; a person sets a new password if one is needed."
    )
    return (Step(name="remove", says=says, call=call, gone=GONE),)


def _user(**config: Any) -> Resource:
    """A console user with an MFA device for the examples."""
    plain = {"LoginProfile": {"CreateDate": "2026-01-01T00:00:00+00:00"}, "MFADevices": [{"SerialNumber": "arn:x"}]}
    arn = "arn:aws:iam::123456789012:user/ops"
    return Resource(kind=ResourceKind.AWS_IAM_USER, native_id=arn, name="ops", config={**plain, **config})


def _ago(days: int) -> str:
    return (EXAMPLE_NOW - timedelta(days=days)).isoformat()


_REQUIRED = {"UserName": "ops", "PolicyName": MFA_POLICY, "PolicyDocument": mfa_document(_user())}
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
    blind_spots="The root user is no IAM user. Users of IAM Identity Center or of a federation are not seen here. "
    "Policies of groups and managed policies that ask for a second factor are not looked at, only the one of this fix.",
    parameters=(
        Parameter(
            name="grace_days",
            default=7,
            meaning="Days a user has to enrol a device before the fix may be applied; the finding opens at once.",
        ),
    ),
    needs=("LoginProfile", "MFADevices"),
    check=lacks_mfa,
    group="mfa",
    remedy=Remedy(
        says="Lets the user do nothing in the console but enrol an MFA device until a second factor is used.",
        plan=require_mfa,
        reversible=Reversible.YES,
        permissions=("iam:DeleteUserPolicy", "iam:PutUserPolicy"),
    ),
    examples=(
        fires(_user(MFADevices=[])),
        quiet(_user()),
        quiet(_user(LoginProfile=None, MFADevices=[])),
        quiet(_user(MFADevices=[], UserPolicyList=[_REQUIRED])),
    ),
)

CONSOLE_UNUSED = Rule(
    id="aws-iam-console-unused",
    title="Console password is not used",
    description="Nobody misses a forgotten account until somebody else signs in with it.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_IAM_USER,
    permissions=("iam:GetLoginProfile", "iam:ListUsers"),
    source="CIS AWS Foundations Benchmark 1.12; IAM ListUsers (PasswordLastUsed), GetLoginProfile",
    blind_spots="AWS does not say when a password was last set, only when it was first; sign-ins before October 2014 "
    "were not noted. Use of access keys is another rule's.",
    parameters=(Parameter(name="unused_days", default=45, meaning="Days a password may lie unused."),),
    needs=("LoginProfile",),
    check=leaves_console_unused,
    group="identity",
    remedy=Remedy(
        says="Removes the console password; access keys go on.",
        plan=remove_console,
        reversible=Reversible.NO,
        loses="The password: a person has to set a new one, so that it never passes through here.",
        permissions=("iam:DeleteLoginProfile",),
    ),
    examples=(
        fires(_user(PasswordLastUsed=_ago(46)), parameters={"unused_days": 45}),
        fires(_user(), parameters={"unused_days": 45}),
        quiet(_user(PasswordLastUsed=_ago(44)), parameters={"unused_days": 45}),
        quiet(_user(LoginProfile={"CreateDate": _ago(10)}), parameters={"unused_days": 45}),
        quiet(_user(LoginProfile=None, PasswordLastUsed=_ago(400)), parameters={"unused_days": 45}),
    ),
)
