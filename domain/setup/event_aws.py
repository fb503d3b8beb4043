"""How events of AWS are sent to a topic of SNS that calls an endpoint, or to a queue of SQS that is read."""

import json
import re
from collections.abc import Sequence

from domain.facts.intake_settings import SnsSettings, SqsSettings
from domain.setup.event_place import EventPlace, plain
from domain.setup.guide import Snippet, lines

# What is looked at. Calls come by CloudTrail, without those that only read unless the account asks for them.
PATTERN = {
    "$or": [
        {
            "source": [
                "aws.guardduty",
                "aws.securityhub",
                "aws.config",
                "aws.cloudwatch",
                "aws.health",
                "aws.ce",
            ]
        },
        {"detail-type": ["AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail"]},
    ]
}
RULE = "cloudwatcher-events"
TOPIC = re.compile(r"arn:(aws[a-z-]*):sns:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]{1,256})")
QUEUE = re.compile(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(\d{12})/([A-Za-z0-9_-]{1,80})")


def sns(place: EventPlace, settings: SnsSettings) -> tuple[list[str], list[Snippet]]:
    """A rule of EventBridge, a topic and its subscription, for each topic."""
    arns = [plain(arn) for arn in settings.topic_arns]
    return (
        [
            "Run the commands with the AWS CLI, or apply the Terraform, in each region of the topics.",
            "Subscribe with raw message delivery off: what is delivered raw carries no signature.",
            "The subscription is confirmed by itself; `confirmedAt` of the endpoint then tells when.",
            "Alarms and budgets can name the topic as well; they need no rule.",
        ],
        [
            Snippet("Commands", "cloudwatcher-sns.sh", "bash", _sns_commands(arns, place.address)),
            Snippet("Terraform", "cloudwatcher_sns.tf", "hcl", _sns_terraform(arns, place.address)),
        ],
    )


def sqs(place: EventPlace, settings: SqsSettings) -> tuple[list[str], list[Snippet]]:
    """A rule of EventBridge and a queue that the account's own role may read."""
    match = QUEUE.fullmatch(settings.queue_url)
    region, account, name = match.groups() if match else ("YOUR-REGION", place.account, "cloudwatcher-events")
    return (
        [
            "Run the commands with the AWS CLI, or apply the Terraform.",
            "Give the role that the account is connected with the permissions of the policy.",
            "What could not be read five times goes to the second queue.",
        ],
        [
            Snippet("Commands", "cloudwatcher-sqs.sh", "bash", _sqs_commands(region, account, name)),
            Snippet("Terraform", "cloudwatcher_sqs.tf", "hcl", _sqs_terraform(region, account, name)),
            Snippet(
                "Policy of the role", "cloudwatcher-sqs-policy.json", "json", _reader_policy(region, account, name)
            ),
        ],
    )


def _sns_commands(arns: Sequence[str], address: str) -> str:
    commands = ["set -eu", f"PATTERN='{json.dumps(PATTERN)}'"]
    for arn in arns:
        match = TOPIC.fullmatch(arn)
        region, name = (match[2], match[4]) if match else ("YOUR-REGION", "YOUR-TOPIC")
        at = f"--region {region}"
        commands += [
            f"TOPIC={arn}",
            f"aws sns create-topic {at} --name {name}",
            f'aws sns set-topic-attributes {at} --topic-arn "$TOPIC" --attribute-name SignatureVersion '
            "--attribute-value 2",
            f'aws sns set-topic-attributes {at} --topic-arn "$TOPIC" --attribute-name Policy --attribute-value \'',
            json.dumps(_topic_policy(arn), indent=2) + "'",
            f'aws events put-rule {at} --name {RULE} --event-pattern "$PATTERN"',
            f'aws events put-targets {at} --rule {RULE} --targets "Id=cloudwatcher,Arn=$TOPIC"',
            f'aws sns subscribe {at} --topic-arn "$TOPIC" --protocol https --notification-endpoint "{address}"',
        ]
    return lines(*commands)


def _topic_policy(arn: str) -> dict[str, object]:
    account = match[3] if (match := TOPIC.fullmatch(arn)) else "YOUR-ACCOUNT"
    services = ["events.amazonaws.com", "cloudwatch.amazonaws.com", "budgets.amazonaws.com"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": services},
                "Action": "sns:Publish",
                "Resource": arn,
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            },
            {
                "Effect": "Allow",
                "Principal": {"AWS": account},
                "Action": ["sns:Subscribe", "sns:GetTopicAttributes", "sns:SetTopicAttributes", "sns:Publish"],
                "Resource": arn,
            },
        ],
    }


def _sns_terraform(arns: Sequence[str], address: str) -> str:
    parts = []
    for number, arn in enumerate(arns):
        match = TOPIC.fullmatch(arn)
        name = match[4] if match else "YOUR-TOPIC"
        own = f"cloudwatcher_{number}"
        parts += [
            f'resource "aws_sns_topic" "{own}" {{',
            f'  name              = "{name}"',
            "  signature_version = 2",
            f"  policy            = jsonencode({_hcl(_topic_policy(arn))})",
            "}",
            *_terraform_rule(own, f"aws_sns_topic.{own}.arn"),
            f'resource "aws_sns_topic_subscription" "{own}" {{',
            f"  topic_arn              = aws_sns_topic.{own}.arn",
            '  protocol               = "https"',
            f'  endpoint               = "{address}"',
            "  endpoint_auto_confirms = true",
            "  raw_message_delivery   = false",
            "}",
        ]
    return lines(*parts)


def _terraform_rule(own: str, target: str) -> list[str]:
    return [
        f'resource "aws_cloudwatch_event_rule" "{own}" {{',
        f'  name          = "{RULE}"',
        f"  event_pattern = jsonencode({_hcl(PATTERN)})",
        "}",
        f'resource "aws_cloudwatch_event_target" "{own}" {{',
        f"  rule = aws_cloudwatch_event_rule.{own}.name",
        f"  arn  = {target}",
        "}",
    ]


def _hcl(value: object) -> str:
    """JSON is an expression of Terraform as it stands, once nothing in it reads as a template."""
    return json.dumps(value).replace("${", "$${")


def _sqs_commands(region: str, account: str, name: str) -> str:
    at, queue = f"--region {region}", f"arn:aws:sqs:{region}:{account}:{name}"
    redrive = {"deadLetterTargetArn": f"{queue}-dead", "maxReceiveCount": "5"}
    attributes = {
        "Policy": json.dumps(_queue_policy(region, account, name)),
        "RedrivePolicy": json.dumps(redrive),
        "SqsManagedSseEnabled": "true",
    }
    return lines(
        "set -eu",
        f"PATTERN='{json.dumps(PATTERN)}'",
        f"aws sqs create-queue {at} --queue-name {name}-dead",
        f"aws sqs create-queue {at} --queue-name {name} --attributes '{json.dumps(attributes)}'",
        f'aws events put-rule {at} --name {RULE} --event-pattern "$PATTERN"',
        f'aws events put-targets {at} --rule {RULE} --targets "Id=cloudwatcher,Arn={queue}"',
    )


def _queue_policy(region: str, account: str, name: str) -> dict[str, object]:
    rule = f"arn:aws:events:{region}:{account}:rule/{RULE}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": f"arn:aws:sqs:{region}:{account}:{name}",
                "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
            }
        ],
    }


def _reader_policy(region: str, account: str, name: str) -> str:
    statement = {
        "Effect": "Allow",
        "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        "Resource": f"arn:aws:sqs:{region}:{account}:{name}",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2) + "\n"


def _sqs_terraform(region: str, account: str, name: str) -> str:
    return lines(
        'resource "aws_sqs_queue" "cloudwatcher_dead" {',
        f'  name = "{name}-dead"',
        "}",
        'resource "aws_sqs_queue" "cloudwatcher" {',
        f'  name                    = "{name}"',
        "  sqs_managed_sse_enabled = true",
        "  redrive_policy = jsonencode({",
        "    deadLetterTargetArn = aws_sqs_queue.cloudwatcher_dead.arn",
        "    maxReceiveCount     = 5",
        "  })",
        f"  policy = jsonencode({_hcl(_queue_policy(region, account, name))})",
        "}",
        *_terraform_rule("cloudwatcher", "aws_sqs_queue.cloudwatcher.arn"),
    )
