"""Where what is asked for is served: at the edge, and in which regions."""

from typing import Any

import pytest

from domain.bundled import ps_cdn_01, ps_cdn_05
from domain.compliance.answers import Answers
from domain.compliance.edge import DISTRIBUTIONS
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged
from tests.factories.bundled import check_of

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING, UNTOLD = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
BUCKET, MACHINE = "img.s3.eu-west-1.amazonaws.com", "shop.example.com"
Days = dict[str, float]


def distribution(id: str, *origins: str, is_on: bool = True) -> dict[str, Any]:
    return {"Id": id, "ARN": id, "Enabled": is_on, "Origins": {"Items": [{"DomainName": one} for one in origins]}}


def query(id: str, metric: str, distribution: str, namespace: str = "AWS/CloudFront") -> dict[str, Any]:
    dimensions = [{"Name": "DistributionId", "Value": distribution}, {"Name": "Region", "Value": "Global"}]
    return {
        "Id": id,
        "MetricStat": {"Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions}},
    }


def measured(*shown: tuple[dict[str, Any], Days, Days]) -> Answers:
    """Distributions with their requests and their rates, in percent, by day; and the measures of something else."""
    queries, results = [query("other", "Requests", "d-0", "AWS/Other")], [("other", {"mon": 9.0})]
    for number, (one, requests, rates) in enumerate(shown):
        queries += [query(f"q{number}_0", "Requests", one["Id"]), query(f"q{number}_1", "CacheHitRate", one["Id"])]
        results += [(f"q{number}_0", requests), (f"q{number}_1", rates)]
    found = [{"Id": id, "Timestamps": list(days), "Values": list(days.values())} for id, days in results]
    return answers(
        Integration.AWS,
        (DISTRIBUTIONS, {"DistributionList": {"Items": [one for one, _, _ in shown]}}),
        call(ps_cdn_01.MEASURES, {"MetricDataResults": found}, MetricDataQueries=queries),
    )


FILES, SITE, BOTH = distribution("d-1", BUCKET), distribution("d-2", MACHINE), distribution("d-3", BUCKET, MACHINE)
ONCE = {"mon": 100.0}


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (measured((FILES, ONCE, {"mon": 90})), PASS, []),
        (measured((FILES, ONCE, {"mon": 89})), WARNING, ["d-1"]),
        (measured((FILES, ONCE, {"mon": 74})), FAIL, ["d-1"]),
        (measured((SITE, ONCE, {"mon": 60})), PASS, []),
        (measured((SITE, ONCE, {"mon": 59})), FAIL, ["d-2"]),
        (measured((BOTH, ONCE, {"mon": 60})), PASS, []),
        # A day counts by its requests: (100 x 100 + 300 x 80) / 400 is 85.
        (measured((FILES, {"mon": 100, "tue": 300}, {"mon": 100, "tue": 80})), WARNING, ["d-1"]),
        # A day without a rate says nothing.
        (measured((FILES, {"mon": 100, "tue": 9000}, {"mon": 95})), PASS, []),
        (measured((FILES, ONCE, {})), UNTOLD, []),
        (measured((FILES, ONCE, {}), (SITE, ONCE, {"mon": 90})), UNTOLD, []),
        (measured((FILES, ONCE, {}), (SITE, ONCE, {"mon": 9})), FAIL, ["d-2"]),
        (measured((FILES, {}, {})), NOTHING, []),
        (measured((distribution("d-4", BUCKET, is_on=False), ONCE, {"mon": 9})), NOTHING, []),
    ],
)
def test_requests_are_found_at_the_edge(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(check_of("PS-CDN-01"), looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def billed(price_class: str, *months: dict[str, int], is_asked: bool = True, is_on: bool = True) -> Answers:
    """A distribution of this class, and what the account used in each month."""
    used = [
        {
            "Groups": [
                {"Keys": [kind], "Metrics": {"UsageQuantity": {"Amount": str(count)}}} for kind, count in month.items()
            ]
        }
        for month in months
    ]
    item = {"ARN": "d-1", "Enabled": is_on, "PriceClass": price_class}
    grouped = call(ps_cdn_05.COSTS, {"ResultsByTime": used}, GroupBy=ps_cdn_05.BY_USAGE)
    by_service = call(ps_cdn_05.COSTS, {"ResultsByTime": []}, GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}])
    return answers(
        Integration.AWS,
        (DISTRIBUTIONS, {"DistributionList": {"Items": [item]}}),
        by_service,
        *([grouped] if is_asked else []),
    )


NEAR = {"US-Requests-Tier1": 60, "EU-Requests-Tier2-HTTPS": 36, "EU-DataTransfer-Out-Bytes": 9000}


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (billed("PriceClass_All", NEAR, {"AU-Requests-Tier2-HTTPS": 4}), FAIL),
        (billed("PriceClass_All", NEAR, {"IN-Requests-Tier2-HTTPS": 904}), FAIL),
        (billed("PriceClass_All", NEAR, {"SA-Requests-Tier2-HTTPS": 6}), PASS),
        (billed("PriceClass_All", {"US-Requests-Tier1": 95, "AU-Requests-Tier1": 5}), PASS),
        (billed("PriceClass_200", NEAR, {"IN-Requests-Tier2-HTTPS": 4}), WARNING),
        (billed("PriceClass_200", NEAR, {"IN-Requests-Tier2-HTTPS": 904}), PASS),
        (billed("PriceClass_100", NEAR), NOTHING),
        (billed("PriceClass_All", {"US-DataTransfer-Out-Bytes": 9}), NOTHING),
        (billed("PriceClass_All", NEAR, is_on=False), NOTHING),
        (billed("PriceClass_All", NEAR, is_asked=False), ERROR),
    ],
)
def test_the_price_class_is_no_wider_than_the_traffic(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(check_of("PS-CDN-05"), looked_at).status is status
