"""Faults of users, keys, passwords and roles in IAM."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends

from app.demo import moto_clock as clock
from tests.factories.fault import Fault
from tests.fakes.aws import ACCOUNT, Moto

PASSWORD = "Correct-Horse-9-Battery"
STRANGER = "arn:aws:iam::999999999999:root"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@cache
def policies_of_aws() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(aws_managed_policies_data)
    return found


def policy_of_aws(name: str) -> str:
    """The ARN of a policy of AWS's own, which moto has only when it is told to; all of them take seconds."""
    backend = iam_backends[ACCOUNT]["aws"]
    policy = AWSManagedPolicy.from_data(name, ACCOUNT, "us-east-1", policies_of_aws()[name])
    backend.managed_policies[policy.arn] = policy
    return policy.arn


def user(name: str = "ops") -> Callable[[Moto], str]:
    """A user with a console password."""

    def make(moto: Moto) -> str:
        iam = moto.client("iam")
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        iam.create_login_profile(UserName=name, Password=PASSWORD)
        return str(arn)

    return make


def user_with_policies(moto: Moto) -> str:
    """A user who is administrator twice over and may something else besides, beside a role that is one too."""
    iam, everything_of_aws = moto.client("iam"), policy_of_aws("AdministratorAccess")
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="admin", AssumeRolePolicyDocument=document(trust))
    iam.attach_role_policy(RoleName="admin", PolicyArn=everything_of_aws)
    arn = user()(moto)
    iam.attach_user_policy(UserName="ops", PolicyArn=everything_of_aws)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_user_policy(UserName="ops", PolicyName="everything", PolicyDocument=document(everything))
    reading = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    iam.put_user_policy(UserName="ops", PolicyName="reading", PolicyDocument=document(reading))
    return arn


def key(*ages: float, used: float | None = None) -> Callable[[Moto], str]:
    """Keys of one user made so many days ago; the first is meant, and used so many days ago."""

    def make(moto: Moto) -> str:
        iam = moto.client("iam")
        iam.create_user(UserName="build")
        made = [iam.create_access_key(UserName="build")["AccessKey"]["AccessKeyId"] for _ in ages]
        now = datetime.now(UTC)
        for key_id, age in zip(made, ages, strict=True):
            last = now - timedelta(days=used) if used is not None and key_id == made[0] else None
            clock.date_key("build", key_id, now - timedelta(days=age), last)
        return str(made[0])

    return make


def leaked_key(moto: Moto) -> str:
    key_id = key(10, used=1)(moto)
    quarantine = policy_of_aws("AWSCompromisedKeyQuarantineV3")
    moto.client("iam").attach_user_policy(UserName="build", PolicyArn=quarantine)
    return key_id


def weak_passwords(moto: Moto) -> str:
    moto.client("iam").update_account_password_policy(
        MinimumPasswordLength=8, MaxPasswordAge=365, AllowUsersToChangePassword=True, RequireNumbers=True
    )
    return ACCOUNT


def role(moto: Moto, name: str, *trust: dict[str, Any]) -> str:
    made = moto.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document(*trust))
    return str(made["Role"]["Arn"])


def open_role(moto: Moto) -> str:
    """Beside everybody it trusts a stranger and a service."""
    known = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    anyone = {"Effect": "Allow", "Principal": {"AWS": ["*", STRANGER]}, "Action": "sts:AssumeRole"}
    return role(moto, "open", known, anyone)


def strange_role(moto: Moto) -> str:
    """It trusts nobody but a stranger."""
    return role(moto, "strange", {"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "sts:AssumeRole"})


def rising_role(moto: Moto) -> str:
    iam = moto.client("iam")
    own = {"Effect": "Allow", "Principal": {"Service": "codebuild.amazonaws.com"}, "Action": "sts:AssumeRole"}
    arn = role(moto, "build", own)
    given = {"Effect": "Allow", "Action": ["iam:PassRole", "lambda:*", "s3:*"], "Resource": "*"}
    iam.put_role_policy(RoleName="build", PolicyName="own", PolicyDocument=document(given))
    policy = {"Effect": "Allow", "Action": "iam:CreatePolicyVersion", "Resource": "*"}
    attached = iam.create_policy(PolicyName="versions", PolicyDocument=document(policy))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="build", PolicyArn=attached)
    return arn


def in_any_order(state: dict[str, Any]) -> Any:
    """Policies of a user come in no order that means anything."""
    config = dict(state["config"])
    config["AttachedPolicies"] = sorted(config["AttachedPolicies"], key=str)
    config["UserPolicyList"] = sorted(config["UserPolicyList"], key=str)
    return {**state, "config": config}


FAULTS = [
    Fault(rule_id="aws-iam-user-mfa", make=user()),
    Fault(rule_id="aws-iam-console-unused", make=user()),
    Fault(
        rule_id="aws-iam-admin-user",
        make=user_with_policies,
        compared=in_any_order,
        once={"attach": "moto counts a policy that is attached again as attached twice"},
    ),
    Fault(rule_id="aws-iam-key-rotation", make=key(200, 3, used=1)),
    Fault(rule_id="aws-iam-key-rotation", name="never-used", make=key(200)),
    Fault(rule_id="aws-iam-key-unused", make=key(200, used=100)),
    Fault(rule_id="aws-iam-key-unused", name="never-used", make=key(200)),
    Fault(rule_id="aws-compromised-key", make=leaked_key),
    Fault(rule_id="aws-iam-password-policy", make=lambda _: ACCOUNT),
    Fault(rule_id="aws-iam-password-policy", name="weak", make=weak_passwords),
    Fault(rule_id="aws-iam-role-trust-external", make=open_role),
    Fault(rule_id="aws-iam-role-trust-external", name="nobody-left", make=strange_role),
    Fault(rule_id="aws-iam-escalation-path", make=rising_role),
]
