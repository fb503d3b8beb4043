"""Alarms and rules on events of an AWS account, with who hears of them."""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from domain.compliance.answers import Answers
from domain.compliance.call_index import joined
from domain.compliance.event_patterns import words_of_filter, words_of_rule


class Alarm(NamedTuple):
    """`words` are the events it is about. `is_heard`: somebody has confirmed to be told; `is_asked`: somebody was
    asked to.
    """

    words: frozenset[str]
    is_heard: bool
    is_asked: bool


def live_alarms(answers: Answers) -> Iterator[Alarm]:
    """Those that are on: alarms on a metric of a filter, and rules with a topic for their target.

    A topic in another account has no known subscriber. Raises as `Answers.calls`.
    """
    subscribers = joined(answers, "sns.list_subscriptions_by_topic", "TopicArn", "Subscriptions")
    for words, topics in (*_of_metrics(answers), *_of_rules(answers)):
        arns = [str(one["SubscriptionArn"]) for topic in topics for one in subscribers.get(topic, [])]
        # Others say PendingConfirmation or Deleted.
        yield Alarm(words, any(arn.startswith("arn:") for arn in arns), "PendingConfirmation" in arns)


def _of_metrics(answers: Answers) -> Iterator[tuple[frozenset[str], Collection[str]]]:
    filters: dict[Any, set[str]] = {}
    for region, one in answers.located("logs.describe_metric_filters", "metricFilters"):
        for made in one["metricTransformations"]:
            key = (region, made["metricNamespace"], made["metricName"])
            filters.setdefault(key, set()).update(words_of_filter(one.get("filterPattern") or ""))
    for region, alarm in answers.located("cloudwatch.describe_alarms", "MetricAlarms"):
        # An alarm that reckons with several metrics names none here.
        words = filters.get((region, alarm.get("Namespace"), alarm.get("MetricName")))
        if words and alarm["ActionsEnabled"]:
            yield frozenset(words), alarm["AlarmActions"]


def _of_rules(answers: Answers) -> Iterator[tuple[frozenset[str], Collection[str]]]:
    """A rule is found by its name within a region."""
    targets: dict[Any, list[str]] = {}
    for call in answers.calls("events.list_targets_by_rule"):
        arns = [one["Arn"] for page in call.pages for one in page["Targets"]]
        targets.setdefault((call.region, call.arguments["Rule"]), []).extend(arns)
    for region, rule in answers.located("events.list_rules", "Rules"):
        # Those on a schedule have no pattern.
        if rule["State"] != "DISABLED" and rule.get("EventPattern"):
            yield words_of_rule(rule["EventPattern"]), targets.get((region, rule["Name"]), [])
