"""Faults of what is open to everybody, and of keys and secrets that nobody looks after."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from tests.factories.fault import Fault
from tests.fakes.aws import ACCOUNT, REGION, Moto

ANYONE = {"Sid": "anyone", "Effect": "Allow", "Principal": "*"}
OWNER = {"Sid": "owner", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def policy(action: str, resource: str, *statements: dict[str, Any]) -> str:
    whole = [{**one, "Action": action, "Resource": resource} for one in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": whole})


def queue(*statements: dict[str, Any]) -> Callable[[Moto], str]:
    def make(moto: Moto) -> str:
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
        given = {"Policy": policy("sqs:SendMessage", arn, *statements)}
        moto.client("sqs").create_queue(QueueName="jobs", Attributes=given)
        return arn

    return make


def topic(*statements: dict[str, Any]) -> Callable[[Moto], str]:
    def make(moto: Moto) -> str:
        sns = moto.client("sns")
        arn = str(sns.create_topic(Name="alarms")["TopicArn"])
        given = policy("SNS:Publish", arn, *statements)
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=given)
        return arn

    return make


def function(moto: Moto, name: str = "thumbs") -> str:
    """A function of Lambda that does nothing. It has a tag, because moto answers for none without the field of tags."""
    code = BytesIO()
    with ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def run(event, context): return None")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = moto.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    made = moto.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=role,
        Handler="main.run",
        Code={"ZipFile": code.getvalue()},
        Tags={"team": "ops"},
    )
    return str(made["FunctionArn"])


def open_function(moto: Moto) -> str:
    """Everybody may call it, and a bucket. What moto keeps of a web address is not what AWS keeps."""
    arn, functions = function(moto), moto.client("lambda")
    given = {"FunctionName": "thumbs", "Action": "lambda:InvokeFunction"}
    bucket = {"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::uploads"}
    functions.add_permission(**given, **bucket, StatementId="uploads")
    functions.add_permission(**given, Principal="*", StatementId="anyone")
    return arn


def without(*moving: str) -> Callable[[dict[str, Any]], Any]:
    """Everything but what moves by itself."""
    return lambda state: {key: value for key, value in state["config"].items() if key not in moving}


def in_any_order(state: dict[str, Any]) -> Any:
    """Statements of a policy come in no order that means anything."""
    config = dict(state["config"])
    config["Policy"] = sorted(json.loads(config["Policy"])["Statement"], key=str)
    return {**state, "config": config}


def key(moto: Moto) -> str:
    return str(moto.client("kms").create_key(Description="seals")["KeyMetadata"]["Arn"])


def secret(moto: Moto) -> str:
    made = moto.client("secretsmanager").create_secret(Name="db", SecretString="example")
    return str(made["ARN"])


def secret_once_rotated(moto: Moto) -> str:
    """Its function changed it before, and then it was told to do so no more."""
    arn, rotating = secret(moto), function(moto, "rotate")
    secrets = moto.client("secretsmanager")
    rules = {"AutomaticallyAfterDays": 30}
    given = {"RotationLambdaARN": rotating, "RotationRules": rules, "RotateImmediately": False}
    secrets.rotate_secret(SecretId=arn, **given)
    secrets.cancel_rotate_secret(SecretId=arn)
    return arn


# The time of the last change of a queue's settings.
MODIFIED = without("LastModifiedTimestamp")
# moto makes a new pending version and counts from now also when a rotation is switched on without rotating.
ROTATION = without("LastRotatedDate", "NextRotationDate", "SecretVersionsToStages")
FAULTS = [
    Fault(rule_id="aws-sqs-public", make=queue(ANYONE, OWNER), compared=MODIFIED),
    Fault(rule_id="aws-sqs-public", name="nothing-left", make=queue(ANYONE), compared=MODIFIED),
    Fault(rule_id="aws-sns-public", make=topic(ANYONE, OWNER)),
    Fault(rule_id="aws-sns-public", name="nothing-left", make=topic(ANYONE)),
    Fault(
        rule_id="aws-lambda-public",
        make=open_function,
        compared=in_any_order,
        once={"allow": "moto keeps the same statement twice, which AWS refuses"},
    ),
    Fault(rule_id="aws-kms-rotation", make=key),
    Fault(rule_id="aws-secret-unused", make=secret),
    Fault(
        rule_id="aws-secret-rotation",
        make=secret_once_rotated,
        compared=ROTATION,
        once={"rotate": "moto makes a new version at each call"},
    ),
]
