"""What is changed in an AWS account that moto stands in for, and what the controls must then say of it.

One change for each verdict; the account has nothing before. Dates lie before the moment the account is judged.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from app.demo import moto_clock as clock
from app.demo.root_user import sign_in_root
from domain.facts.compliance import Verdict
from tests.factories import aws_changes_of_bundles as bundles
from tests.factories import aws_changes_of_data as data
from tests.factories import aws_changes_of_networks as networks
from tests.factories import aws_changes_of_watchers as watchers
from tests.fakes.aws import ACCOUNT, Moto

PASS, WARNING, FAIL = Verdict.PASS, Verdict.WARNING, Verdict.FAIL
PASSWORD = data.PASSWORD
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
GITHUB = "token.actions.githubusercontent.com"


class Changed(NamedTuple):
    """`make` is the change; the control must then say `verdict` of something in the account."""

    control: str
    verdict: Verdict
    make: Callable[[Moto], Any]


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def nothing(_: Moto) -> None:
    """The account stays as it is."""


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def root(factor: int, keys: int = 0) -> Callable[[Moto], None]:
    summary = {"AccountMFAEnabled": factor, "AccountAccessKeysPresent": keys}
    return lambda moto: moto.say("iam.GetAccountSummary", {"SummaryMap": summary})


def used_root(moto: Moto) -> None:
    root(1)(moto)
    sign_in_root(ACCOUNT, ago(3))


def people(count: int, *, with_factor: bool = False) -> Callable[[Moto], None]:
    """Users with a console password."""

    def make(moto: Moto) -> None:
        iam = moto.client("iam")
        for number in range(count):
            name = f"ann-{number}"
            iam.create_user(UserName=name)
            iam.create_login_profile(UserName=name, Password=PASSWORD)
            if with_factor:
                made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
                codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
                iam.enable_mfa_device(UserName=name, SerialNumber=made["SerialNumber"], **codes)

    return make


def with_centre(count: int) -> Callable[[Moto], None]:
    """An identity centre, and so many users who sign in past it."""

    def make(moto: Moto) -> None:
        centre = {"InstanceArn": "arn:aws:sso:::instance/ssoins-0123456789abcdef", "Status": "ACTIVE"}
        moto.say("sso-admin.ListInstances", {"Instances": [{**centre, "IdentityStoreId": "d-0123456789"}]})
        people(count)(moto)

    return make


def without_centre(moto: Moto) -> None:
    moto.say("sso-admin.ListInstances", {"Instances": []})


def passwords(length: int, history: int) -> Callable[[Moto], Any]:
    return lambda moto: moto.client("iam").update_account_password_policy(
        MinimumPasswordLength=length, PasswordReusePrevention=history
    )


def key(age: float, idle: float | None = 1) -> Callable[[Moto], None]:
    """An access key made so many days ago and used so many days ago."""

    def make(moto: Moto) -> None:
        iam = moto.client("iam")
        iam.create_user(UserName="build")
        made = iam.create_access_key(UserName="build")["AccessKey"]["AccessKeyId"]
        clock.date_key("build", made, ago(age), None if idle is None else ago(idle))

    return make


def granted(statement: dict[str, Any]) -> Callable[[Moto], None]:
    """A policy that somebody holds."""

    def make(moto: Moto) -> None:
        iam = moto.client("iam")
        iam.create_user(UserName="build")
        policy = iam.create_policy(PolicyName="own", PolicyDocument=document(statement))["Policy"]["Arn"]
        iam.attach_user_policy(UserName="build", PolicyArn=policy)

    return make


def trusting(subject: str | None) -> Callable[[Moto], None]:
    """A role for workflows of GitHub whose subject is like this."""

    def make(moto: Moto) -> None:
        iam = moto.client("iam")
        made = iam.create_open_id_connect_provider(
            Url=f"https://{GITHUB}", ThumbprintList=["0" * 40], ClientIDList=["sts.amazonaws.com"]
        )
        condition = {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}
        if subject:
            condition["StringLike"] = {f"{GITHUB}:sub": subject}
        federated = {"Federated": made["OpenIDConnectProviderArn"]}
        trust = {"Effect": "Allow", "Principal": federated, "Action": "sts:AssumeRoleWithWebIdentity"}
        iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=document({**trust, "Condition": condition}))

    return make


def joined(days: float) -> Callable[[Moto], None]:
    """An account of the organization that nobody has connected."""

    def make(moto: Moto) -> None:
        account = {"Id": "210987654321", "Name": "shop", "Status": "ACTIVE", "JoinedTimestamp": ago(days)}
        moto.client("organizations").create_organization(FeatureSet="ALL")
        moto.say("organizations.ListAccounts", {"Accounts": [account]})

    return make


PEOPLE = (
    Changed("CW-IAM-01", FAIL, root(0)),
    Changed("CW-IAM-01", FAIL, root(1, keys=1)),
    Changed("CW-IAM-01", WARNING, used_root),
    Changed("CW-IAM-01", PASS, root(1)),
    Changed("CW-IAM-02", FAIL, people(1)),
    Changed("CW-IAM-02", PASS, people(1, with_factor=True)),
    Changed("CW-IAM-03", FAIL, without_centre),
    Changed("CW-IAM-03", PASS, with_centre(0)),
    Changed("CW-IAM-03", WARNING, with_centre(4)),
    Changed("CW-IAM-03", FAIL, with_centre(6)),
    Changed("CW-IAM-04", FAIL, nothing),
    Changed("CW-IAM-04", WARNING, passwords(12, 24)),
    Changed("CW-IAM-04", PASS, passwords(14, 24)),
    Changed("CW-IAM-05", PASS, key(10)),
    Changed("CW-IAM-05", WARNING, key(80)),
    Changed("CW-IAM-05", FAIL, key(100)),
    Changed("CW-IAM-06", PASS, key(100, idle=1)),
    Changed("CW-IAM-06", WARNING, key(100, idle=70)),
    Changed("CW-IAM-06", FAIL, key(100, idle=None)),
    Changed("CW-IAM-07", FAIL, granted(EVERYTHING)),
    Changed("CW-IAM-07", WARNING, nothing),
    Changed("CW-IAM-07", PASS, granted({**EVERYTHING, "Action": "s3:GetObject"})),
    Changed("CW-IAM-11", FAIL, trusting(None)),
    Changed("CW-IAM-11", WARNING, trusting("repo:example/*")),
    Changed("CW-IAM-11", PASS, trusting("repo:example/shop:ref:refs/heads/main")),
    Changed("CW-RSK-02", PASS, joined(1)),
    Changed("CW-RSK-02", WARNING, joined(5)),
    Changed("CW-RSK-02", FAIL, joined(400)),
)
CHANGES = (
    *PEOPLE,
    *(Changed(*row) for row in (*data.ROWS, *networks.ROWS, *watchers.ROWS, *bundles.ROWS)),
)
