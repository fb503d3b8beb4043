"""SNS topics that everybody may use."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_policy import as_text, lets_in_anyone, statements, without_anyone
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

# What the policy that SNS gives a new topic allows its owner. Source: SNS GetTopicAttributes of a new topic.
OWNER_MAY = (
    "SNS:GetTopicAttributes",
    "SNS:SetTopicAttributes",
    "SNS:AddPermission",
    "SNS:RemovePermission",
    "SNS:DeleteTopic",
    "SNS:Subscribe",
    "SNS:ListSubscriptionsByTopic",
    "SNS:Publish",
)


def is_open(topic: Resource, _: RuleContext) -> Observation | None:
    """Fires on a policy that allows something to everybody without a condition that narrows it."""
    opened = [one for one in statements(topic.config.get("Policy")) if lets_in_anyone(one)]
    if not opened:
        return None
    return Observation(
        reason=f"Anybody with an AWS account, or without one, may use topic {topic.name}.",
        observed={"statements": opened},
    )


def close(topic: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The policy without what lets in everybody. A topic always has one: where nothing is left, that of a new topic."""
    former = topic.config["Policy"]
    left = without_anyone(former)
    wanted = as_text(left if left["Statement"] else {**left, "Statement": [_of_owner(topic)]})
    back = _with_policy(topic, "back", former, f"Give topic {topic.name} its former policy again.", ())
    says = f"Take out of the policy of topic {topic.name} what lets in everybody, leaving: {wanted}."
    return (_with_policy(topic, "close", wanted, says, (back,)),)


def _of_owner(topic: Resource) -> dict[str, Any]:
    return {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": list(OWNER_MAY),
        "Resource": topic.native_id,
        "Condition": {"StringEquals": {"AWS:SourceOwner": topic.native_id.split(":")[4]}},
    }


def _with_policy(topic: Resource, name: str, policy: str, says: str, undo: tuple[Step, ...]) -> Step:
    arguments = {"TopicArn": topic.native_id, "AttributeName": "Policy", "AttributeValue": policy}
    call = Call(operation="sns.set_topic_attributes", region=topic.region, arguments=arguments)
    return Step(name=name, says=says, call=call, undo=undo)


def _topic(*given: dict[str, Any], **config: Any) -> Resource:
    """A topic whose policy has these statements, for the examples."""
    policy = {"Policy": as_text({"Version": "2008-10-17", "Statement": list(given)})}
    return Resource(
        kind=ResourceKind.AWS_SNS_TOPIC,
        native_id="arn:aws:sns:us-east-1:123456789012:alarms",
        name="alarms",
        region="us-east-1",
        config={**policy, **config},
    )


def _allowed(principal: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": "SNS:Publish", "Resource": "*"}


PUBLIC = Rule(
    id="aws-sns-public",
    title="SNS topic is open to everybody",
    description="Strangers may publish to such a topic or listen to it, as far as its policy allows.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_SNS_TOPIC,
    permissions=("sns:GetTopicAttributes", "sns:ListTopics"),
    source="AWS Security Hub SNS.4; SNS developer guide, identity and access management; SNS GetTopicAttributes",
    blind_spots="NotPrincipal, and statements that deny, are not looked at. Conditions count by their key and whether "
    "any value fits, not by how wide the values are.",
    needs=("Policy",),
    check=is_open,
    group="data-exposure",
    remedy=Remedy(
        says="Takes out of the policy what lets in everybody, and keeps the rest.",
        plan=close,
        reversible=Reversible.YES,
        permissions=("sns:SetTopicAttributes",),
    ),
    examples=(
        fires(_topic(_allowed("*"))),
        fires(_topic(_allowed({"AWS": "*"}), _of_owner(_topic()))),
        quiet(_topic(_of_owner(_topic()))),
        quiet(_topic(_allowed({"Service": "events.amazonaws.com"}))),
        quiet(_topic(Policy="no JSON")),
    ),
)
