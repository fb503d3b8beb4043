"""How much of a quota is used is asked of the metric that AWS names for it."""

from connectors.clouds.aws import quota
from connectors.reading.listing import Place
from tests.fakes.collecting import NOW

HERE = Place(account_id="123456789012", region="eu-west-1", now=NOW)
CORES = {"Service": "EC2", "Type": "Resource", "Resource": "vCPU", "Class": "Standard/OnDemand"}
MEASURED = {"UsageMetric": {"MetricNamespace": "AWS/Usage", "MetricName": "ResourceCount", "MetricDimensions": CORES}}


def test_only_quotas_with_a_metric_are_asked_about() -> None:
    assert [quota.is_measured(one) for one in (MEASURED, {}, {"UsageMetric": {}}, {"UsageMetric": None})] == [
        True,
        False,
        False,
        False,
    ]


def test_most_of_the_last_whole_day_is_asked_for() -> None:
    recommended = {"UsageMetric": {**MEASURED["UsageMetric"], "MetricStatisticRecommendation": "Sum"}}

    asked = quota.usage([MEASURED, recommended], HERE)

    assert [(one["Id"], one["MetricStat"]["Stat"]) for one in asked["MetricDataQueries"]] == [
        ("q0", "Maximum"),
        ("q1", "Sum"),
    ]
    assert asked["MetricDataQueries"][0]["MetricStat"]["Metric"] == {
        "Namespace": "AWS/Usage",
        "MetricName": "ResourceCount",
        "Dimensions": [{"Name": name, "Value": value} for name, value in CORES.items()],
    }
    assert asked["EndTime"] == NOW.replace(hour=0, minute=0, second=0, microsecond=0).isoformat()
