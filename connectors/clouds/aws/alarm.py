"""What tells people that something happens: alarms, metric filters on logs, rules on events; and logs."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import Answer, Detail, Item, Listing, Place, at, joined
from domain.facts.resource import Resource, ResourceKind

ALARM, LOG_GROUP, RULE = ResourceKind.AWS_ALARM, ResourceKind.AWS_LOG_GROUP, ResourceKind.AWS_EVENT_RULE
# How an alarm stands changes all day; how it is set does not.
STATE = ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp")
# What a target is sent may hold anything, a key in a header too.
TARGET_FIELDS = ("Id", "Arn", "RoleArn")


def alarms(page: Answer) -> list[Item]:
    """Of both kinds."""
    return at("MetricAlarms")(page) + at("CompositeAlarms")(page)


def without_input(answer: Answer) -> Answer:
    """Targets with where they lead, and nothing of what they are sent."""
    kept = [{key: one[key] for key in TARGET_FIELDS if key in one} for one in answer.get("Targets") or []]
    return {**answer, "Targets": kept}


def parse_log_group(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """A log group by ARN. Its creationTime is in milliseconds. Source: CloudWatch Logs DescribeLogGroups."""
    made = fields.resource(LOG_GROUP, "arn", name="logGroupName")(item, details, place)
    created = datetime.fromtimestamp(item["creationTime"] / 1000, UTC) if "creationTime" in item else None
    return made.model_copy(update={"created_at": created})


LISTINGS = (
    Listing(
        operation=fields.call("cloudwatch.describe_alarms", "cloudwatch:DescribeAlarms", page_size=100),
        arguments=lambda _: {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]},
        items=alarms,
        kind=ALARM,
        parse=fields.resource(ALARM, "AlarmArn", name="AlarmName", passing=STATE),
        is_regional=True,
    ),
    Listing(
        operation=fields.call("logs.describe_log_groups", "logs:DescribeLogGroups", page_size=50),
        items=at("logGroups"),
        kind=LOG_GROUP,
        parse=parse_log_group,
        is_regional=True,
    ),
    Listing(
        operation=fields.call("logs.describe_metric_filters", "logs:DescribeMetricFilters", page_size=50),
        items=at("metricFilters"),
        is_regional=True,
    ),
    # Of the default bus: what AWS itself reports goes to no other.
    Listing(
        operation=fields.call("events.list_rules", "events:ListRules", page_size=100),
        items=at("Rules"),
        kind=RULE,
        parse=fields.resource(RULE, "Arn", name="Name"),
        details=(
            Detail(
                key="Targets",
                operation=fields.call(
                    "events.list_targets_by_rule",
                    "events:ListTargetsByRule",
                    absent=("ResourceNotFoundException",),
                    hidden=without_input,
                ),
                arguments=fields.asks(Rule="Name"),
                pick=joined("Targets"),
            ),
        ),
        is_regional=True,
    ),
)
