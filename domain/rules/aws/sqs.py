"""SQS queues that everybody may use."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_policy import as_text, lets_in_anyone, statements, without_anyone
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet


def is_open(queue: Resource, _: RuleContext) -> Observation | None:
    """Fires on a policy that allows something to everybody without a condition that narrows it."""
    opened = [one for one in statements(queue.config.get("Policy")) if lets_in_anyone(one)]
    if not opened:
        return None
    return Observation(
        reason=f"Anybody with an AWS account, or without one, may use queue {queue.name}.",
        observed={"statements": opened},
    )


def close(queue: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The policy without what lets in everybody; an empty one is taken away."""
    former = queue.config["Policy"]
    left = without_anyone(former)
    wanted = as_text(left) if left["Statement"] else ""
    back = _with_policy(queue, "back", former, f"Give queue {queue.name} its former policy again.", ())
    told = f"leaving: {wanted}" if wanted else "which leaves no policy; the account's own users are let in as before"
    says = f"Take out of the policy of queue {queue.name} what lets in everybody, {told}."
    return (_with_policy(queue, "close", wanted, says, (back,)),)


def _with_policy(queue: Resource, name: str, policy: str, says: str, undo: tuple[Step, ...]) -> Step:
    arguments = {"QueueUrl": queue.config["QueueUrl"], "Attributes": {"Policy": policy}}
    call = Call(operation="sqs.set_queue_attributes", region=queue.region, arguments=arguments)
    return Step(name=name, says=says, call=call, undo=undo)


def _queue(*given: dict[str, Any]) -> Resource:
    """A queue whose policy has these statements, for the examples."""
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"
    policy = {"Policy": as_text({"Version": "2012-10-17", "Statement": list(given)})} if given else {}
    return Resource(
        kind=ResourceKind.AWS_SQS_QUEUE,
        native_id="arn:aws:sqs:us-east-1:123456789012:jobs",
        name="jobs",
        region="us-east-1",
        config={"QueueUrl": url, "CreatedTimestamp": "1767225600", **policy},
    )


def _allowed(principal: Any, **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": "*"}
    return {**statement, "Condition": condition} if condition else statement


PUBLIC = Rule(
    id="aws-sqs-public",
    title="SQS queue is open to everybody",
    description="Strangers may read, fill or empty such a queue, as far as its policy allows.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_SQS_QUEUE,
    permissions=("sqs:GetQueueAttributes", "sqs:ListQueues"),
    source="AWS Security Hub SQS.3; SQS developer guide, identity and access management; SQS GetQueueAttributes",
    blind_spots="NotPrincipal, and statements that deny, are not looked at. Conditions count by their key and whether "
    "any value fits, not by how wide the values are.",
    needs=("CreatedTimestamp",),
    check=is_open,
    group="data-exposure",
    remedy=Remedy(
        says="Takes out of the policy what lets in everybody, and keeps the rest.",
        plan=close,
        reversible=Reversible.YES,
        permissions=("sqs:SetQueueAttributes",),
    ),
    examples=(
        fires(_queue(_allowed("*"))),
        fires(_queue(_allowed({"AWS": "*"}), _allowed({"Service": "s3.amazonaws.com"}))),
        fires(_queue(_allowed({"AWS": ["*", "123456789012"]}))),
        fires(_queue(_allowed("*", StringNotEquals={"aws:SourceAccount": "123456789012"}))),
        quiet(_queue(_allowed("*", ArnLike={"aws:SourceArn": "arn:aws:s3:::uploads"}))),
        quiet(_queue(_allowed({"AWS": "123456789012"}))),
        quiet(_queue()),
    ),
)
