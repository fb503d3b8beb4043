"""What is asked for is found at the edge.

CloudFront measures whole distributions: one with nothing but buckets behind it counts as static, every other one by its
overall ratio. Without additional metrics nothing is measured, and nothing is said.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.answers import NotOffered
from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.edge import DISTRIBUTIONS, distributions, is_file_store
from domain.facts.compliance import Integration, Verdict

MEASURES = "cloudwatch.get_metric_data"
NAMESPACE, REQUESTS, RATE = "AWS/CloudFront", "Requests", "CacheHitRate"
STATIC_PASSES, STATIC_WARNS, OVERALL = 0.90, 0.75, 0.60
# By distribution and metric, the values of days.
Series = Mapping[tuple[str, str], Mapping[Any, float]]


def _aws(case: Case) -> Iterator[Item]:
    """Each distribution that is on and was asked for something; what is not measured hides everything but a failure."""
    series, said, unmeasured = _series(case), [], []
    for one in distributions(case.answers):
        requests, rates = series.get((one["Id"], REQUESTS), {}), series.get((one["Id"], RATE), {})
        days = requests.keys() & rates.keys()
        count = sum(requests[day] for day in days)
        if count > 0:
            # Percent of the requests of each day.
            ratio = sum(rates[day] * requests[day] for day in days) / count / 100
            said.append(_kept(one, ratio))
        elif sum(requests.values()) > 0:
            unmeasured.append(one["Id"])
    if unmeasured and not any(item.verdict is Verdict.FAIL for item in said):
        raise NotOffered(MEASURES, f"additional metrics are not on for {', '.join(unmeasured)}")
    yield from said


def _kept(distribution: Mapping[str, Any], ratio: float) -> Item:
    name, origins = distribution["ARN"], distribution["Origins"]["Items"]
    is_static = all(is_file_store(origin["DomainName"]) for origin in origins)
    wanted = STATIC_PASSES if is_static else OVERALL
    observed, expected = f"{ratio:.0%} of requests found at the edge", f"{wanted:.0%} or more"
    if ratio >= wanted:
        return passed(name, observed)
    return (warned if is_static and ratio >= STATIC_WARNS else failed)(name, observed, expected)


def _series(case: Case) -> Series:
    found: defaultdict[tuple[str, str], dict[Any, float]] = defaultdict(dict)
    for call in case.answers.calls(MEASURES):
        names = dict(_named(call.arguments["MetricDataQueries"]))
        for result in (result for page in call.pages for result in page["MetricDataResults"]):
            if result["Id"] in names:
                found[names[result["Id"]]].update(zip(result["Timestamps"], result["Values"], strict=True))
    return found


def _named(queries: list[Mapping[str, Any]]) -> Iterator[tuple[str, tuple[str, str]]]:
    """The queries about distributions: what each is called, and of which distribution it asks what."""
    for query in queries:
        metric = query["MetricStat"]["Metric"]
        if metric["Namespace"] == NAMESPACE:
            dimensions = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
            yield query["Id"], (dimensions["DistributionId"], metric["MetricName"])


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(MEASURES, DISTRIBUTIONS),
        passes="In a week 90 % of the requests to buckets were found at the edge, and 60 % of those to anything else.",
        warns="Of the requests to buckets 75 to 90 % were.",
        fails="Fewer were.",
        judge=_aws,
    ),
)
