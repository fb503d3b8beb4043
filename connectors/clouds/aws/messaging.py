"""Queues, topics with who hears them, and state machines with how their runs ended."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.clouds.aws import fields
from connectors.reading.listing import Answer, Detail, Item, Listing, Place, at, first, joined
from domain.facts.resource import Resource, ResourceKind

QUEUE, TOPIC, MACHINE = ResourceKind.AWS_SQS_QUEUE, ResourceKind.AWS_SNS_TOPIC, ResourceKind.AWS_STATE_MACHINE
NO_QUEUE = ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")
# These change by the second, and no rule asks for them.
PASSING = ("ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible")
# A page holds more runs than that, and only the newest are of interest.
RUNS = 1000
# How a run ends that nobody wanted to end so. Source: Step Functions API reference, ListExecutions.
FAILED = ("FAILED", "TIMED_OUT", "ABORTED")


def parse_queue(item: Item, details: Mapping[str, Any], place: Place) -> Resource | None:
    """A queue by ARN, whether or not its attributes could be read; None for one that is gone.

    Numbers are text, as AWS gives them. Source: SQS ListQueues, GetQueueAttributes.
    """
    attributes = details.get("Attributes", {})
    if attributes is None:
        return None
    name = item.rpartition("/")[2]
    # the same ARN whether or not the attributes could be read
    whole = {"QueueUrl": item, "QueueName": name, "QueueArn": fields.arn("sqs", place, name), **attributes}
    return fields.resource(QUEUE, "QueueArn", name="QueueName", passing=PASSING)(whole, {}, place)


def parse_topic(item: Item, details: Mapping[str, Any], place: Place) -> Resource | None:
    """A topic by ARN. Source: SNS ListTopics, GetTopicAttributes, ListSubscriptionsByTopic."""
    named = {**item, "Name": item["TopicArn"].rpartition(":")[2]}
    return fields.merged("Attributes", fields.resource(TOPIC, "TopicArn", name="Name"))(named, details, place)


def without_paths(answer: Answer) -> Answer:
    """Web addresses of subscribers come down to their host: the rest of them often is the key."""
    kept = [{**one, "Endpoint": _host(one.get("Endpoint"))} for one in answer.get("Subscriptions") or []]
    return {**answer, "Subscriptions": kept}


def _host(endpoint: Any) -> Any:
    text = str(endpoint or "")
    if not text.lower().startswith(("http:", "https:")):
        return endpoint
    try:
        parts = urlsplit(text)
        return f"{parts.scheme}://{parts.hostname or ''}"
    except ValueError:
        return "hidden"


QUEUES = Listing(
    # An account without queues gets an answer without the list.
    operation=fields.call("sqs.list_queues", "sqs:ListQueues", page_size=1000, may_be_empty=True),
    items=at("QueueUrls"),
    kind=QUEUE,
    parse=parse_queue,
    details=(
        Detail(
            key="Attributes",
            operation=fields.call("sqs.get_queue_attributes", "sqs:GetQueueAttributes", absent=NO_QUEUE),
            arguments=lambda url, _: {"QueueUrl": url, "AttributeNames": ["All"]},
            pick=first("Attributes"),
        ),
    ),
    is_regional=True,
)
TOPICS = Listing(
    operation=fields.call("sns.list_topics", "sns:ListTopics"),
    items=at("Topics"),
    kind=TOPIC,
    parse=parse_topic,
    details=(
        Detail(
            key="Attributes",
            operation=fields.call("sns.get_topic_attributes", "sns:GetTopicAttributes", absent=("NotFound",)),
            arguments=fields.asks(TopicArn="TopicArn"),
            pick=first("Attributes"),
        ),
        Detail(
            key="Subscriptions",
            operation=fields.call(
                "sns.list_subscriptions_by_topic",
                "sns:ListSubscriptionsByTopic",
                absent=("NotFound",),
                hidden=without_paths,
            ),
            arguments=fields.asks(TopicArn="TopicArn"),
            pick=joined("Subscriptions"),
        ),
    ),
    is_regional=True,
)
MACHINES = Listing(
    operation=fields.call("stepfunctions.list_state_machines", "states:ListStateMachines", page_size=RUNS),
    items=at("stateMachines"),
    kind=MACHINE,
    parse=fields.resource(MACHINE, "stateMachineArn", name="name", created="creationDate"),
    children=(
        Listing(
            operation=fields.call(
                "stepfunctions.list_executions",
                "states:ListExecutions",
                absent=("StateMachineDoesNotExist",),
                first_page=True,
            ),
            arguments=lambda place: [
                {
                    **fields.asks_parent(stateMachineArn="stateMachineArn")(place),
                    "statusFilter": status,
                    "maxResults": RUNS,
                }
                for status in FAILED
            ],
            items=at("executions"),
            # Runs of express machines are kept in logs only.
            applies=lambda place: place.parent.get("type") == "STANDARD",
        ),
    ),
    is_regional=True,
)
LISTINGS = (QUEUES, TOPICS, MACHINES)
