"""Checkouts and the edge of shops in AWS."""

from typing import Any

import pytest

from domain.bundled import ps_cdn_07, ps_trf_05
from domain.bundled.ps_cdn_04 import DISTRIBUTIONS, WITH_BROTLI
from domain.compliance.answers import Answers
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged
from tests.factories.bundled import check_of

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
BOTH = next(iter(WITH_BROTLI))
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123/web-orders"


def limit(name: str = "everything", *, is_scoped: bool = False, action: str = "Block") -> dict[str, Any]:
    scope = {"ScopeDownStatement": {"ByteMatchStatement": {}}} if is_scoped else {}
    return {"Name": name, "Statement": {"RateBasedStatement": {"Limit": 100, **scope}}, "Action": {action: {}}}


GROUP = {"Name": "checkout", "Statement": {"ManagedRuleGroupStatement": {}}, "OverrideAction": {"None": {}}}


def shop(
    *rules: dict[str, Any], queue: str = QUEUE, is_there: bool = True, scheme: str = "internet-facing", edge: Any = ()
) -> Answers:
    return answers(
        Integration.AWS,
        call(ps_trf_05.QUEUES, *([{"Attributes": {}}] if is_there else []), QueueUrl=queue),
        call(ps_trf_05.ACLS, {"WebACL": {"Rules": list(rules)}}, Name="shop"),
        (ps_trf_05.BALANCERS, {"LoadBalancers": [{"Scheme": scheme}]}),
        (DISTRIBUTIONS, {"DistributionList": {"Items": list(edge)}}),
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (shop(limit()), PASS),
        (shop(limit("slow-checkout", is_scoped=True)), PASS),
        (shop(limit("login", is_scoped=True)), WARNING),
        (shop(limit(action="Count")), WARNING),
        (shop(GROUP), WARNING),
        (shop(limit(), queue=QUEUE.replace("orders", "mails")), WARNING),
        (shop(limit(), is_there=False), WARNING),
        (shop(is_there=False), FAIL),
        (shop(scheme="internal"), NOTHING),
        (shop(limit(), scheme="internal", edge=[{"ARN": "d"}]), PASS),
    ],
)
def test_a_queue_and_a_limit_stand_before_the_checkout(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(check_of("PS-TRF-05"), looked_at).status is status


def behaviour(policy: str | None = BOTH, *, is_on: bool = True, path: str | None = None) -> dict[str, Any]:
    named = {"CachePolicyId": policy} if policy else {"ForwardedValues": {}}
    return {"Compress": is_on, **named, **({"PathPattern": path} if path else {})}


def edge(default: dict[str, Any], *others: dict[str, Any], is_on: bool = True) -> Answers:
    more = {"CacheBehaviors": {"Quantity": len(others), "Items": list(others)} if others else {"Quantity": 0}}
    item = {"ARN": "d", "Enabled": is_on, "DefaultCacheBehavior": default, **more}
    return answers(Integration.AWS, (DISTRIBUTIONS, {"DistributionList": {"Items": [item]}}))


@pytest.mark.parametrize(
    ("looked_at", "status", "told"),
    [
        (edge(behaviour()), PASS, "compressed with gzip and brotli"),
        (edge(behaviour(), behaviour(path="/api/*", is_on=False)), FAIL, "not compressed: /api/*"),
        (edge(behaviour(is_on=False)), FAIL, "not compressed: default"),
        (edge(behaviour(None)), WARNING, "brotli is not seen: default"),
        (edge(behaviour(), behaviour("our-own", path="/img/*")), WARNING, "brotli is not seen: /img/*"),
    ],
)
def test_the_edge_compresses(looked_at: Answers, status: CheckStatus, told: str) -> None:
    found = judged(check_of("PS-CDN-04"), looked_at)

    assert (found.status, found.items[0].observed) == (status, told)


def test_a_distribution_that_is_off_is_not_judged() -> None:
    assert judged(check_of("PS-CDN-04"), edge(behaviour(is_on=False), is_on=False)).status is NOTHING


CONTROLLED = {"OriginAccessControlId": "E1"}
OLDER = {"S3OriginConfig": {"OriginAccessIdentity": "origin-access-identity/cloudfront/E2"}}
OPEN = {"OriginAccessControlId": "", "S3OriginConfig": {"OriginAccessIdentity": ""}}


def assets(*origins: dict[str, Any], is_public: bool | None = None, is_on: bool = True) -> Answers:
    """The bucket `img`, and a distribution with these origins, which are the bucket's unless they name another."""
    usual = "img.s3.eu-west-1.amazonaws.com"
    items = [{"DomainName": usual, **origin} for origin in origins]
    said = [] if is_public is None else [{"PolicyStatus": {"IsPublic": is_public}}]
    found = {"DistributionList": {"Items": [{"Enabled": is_on, "Origins": {"Items": items}}]}}
    return answers(
        Integration.AWS,
        (ps_cdn_07.BUCKETS, {"Buckets": [{"Name": "img"}]}),
        call(ps_cdn_07.STATUSES, *said, Bucket="img"),
        (DISTRIBUTIONS, found),
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (assets(CONTROLLED), PASS),
        (assets(OLDER, is_public=False), PASS),
        (assets(CONTROLLED, is_public=True), WARNING),
        (assets(OPEN), WARNING),
        (assets({**CONTROLLED, "DomainName": "img.s3.amazonaws.com"}, OPEN), WARNING),
        (assets({"DomainName": "img.s3-website.eu-west-1.amazonaws.com"}), WARNING),
        (assets({"DomainName": "img.example.com"}, is_public=True), FAIL),
        (assets(CONTROLLED, is_public=True, is_on=False), FAIL),
        (assets({"DomainName": "img.example.com"}), NOTHING),
    ],
)
def test_public_assets_come_from_the_edge_only(looked_at: Answers, status: CheckStatus) -> None:
    found = judged(check_of("PS-CDN-07"), looked_at)

    assert (found.status, faults(found)) == (status, [] if status in (PASS, NOTHING) else ["img"])
