"""What the edge keeps, by which key and for how long, and what it compresses."""

from typing import Any

import pytest

from domain.bundled import ps_cdn_04, ps_cdn_08
from domain.compliance.answers import Answers
from domain.compliance.edge import CACHE_POLICIES, DISTRIBUTIONS
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, judged
from tests.factories.bundled import check_of

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
DAY = 86_400
BUCKET, SITE, MACHINE = (
    "img.s3.eu-west-1.amazonaws.com",
    "shop.s3-website.eu-west-1.amazonaws.com",
    "shop.example.com",
)


def policy(
    id: str,
    *,
    cookies: str = "none",
    headers: str = "none",
    queries: str = "none",
    kept: int = DAY,
    most: int = 365 * DAY,
) -> dict[str, Any]:
    key = {
        "CookiesConfig": {"CookieBehavior": cookies},
        "HeadersConfig": {"HeaderBehavior": headers},
        "QueryStringsConfig": {"QueryStringBehavior": queries},
    }
    times = {"MinTTL": 0, "DefaultTTL": kept, "MaxTTL": most}
    return {"CachePolicy": {"Id": id, "CachePolicyConfig": {**times, "ParametersInCacheKeyAndForwardedToOrigin": key}}}


POLICIES = [
    policy("lean", kept=40 * DAY),
    policy("week", kept=7 * DAY),
    policy("short", kept=60),
    policy("capped", kept=40 * DAY, most=2 * DAY),
    policy("off", cookies="all", kept=0, most=0),
    policy("cookies", cookies="all"),
    policy("cookies-but", cookies="allExcept"),
    policy("named", cookies="whitelist", headers="whitelist", queries="whitelist"),
    policy("queries", queries="all"),
    policy("queries-but", queries="allExcept"),
]


def by(policy: str, path: str | None = None) -> dict[str, Any]:
    return {"TargetOriginId": "o", "CachePolicyId": policy, **({"PathPattern": path} if path else {})}


def older(cookies: str = "none", *, query: bool = False, path: str | None = None, **values: Any) -> dict[str, Any]:
    """A behaviour of before there were policies."""
    said = {"Cookies": {"Forward": cookies}, "QueryString": query, **values}
    times = {"MinTTL": 0, "DefaultTTL": 31 * DAY, "MaxTTL": 365 * DAY}
    named = {"PathPattern": path} if path else {}
    return {"TargetOriginId": "o", "ForwardedValues": said, **times, **named}


def edge(default: dict[str, Any], *others: dict[str, Any], origin: str = MACHINE, is_on: bool = True) -> Answers:
    item = {
        "ARN": "d",
        "Enabled": is_on,
        "Origins": {"Items": [{"Id": "o", "DomainName": origin}]},
        "DefaultCacheBehavior": default,
        "CacheBehaviors": {"Items": list(others)} if others else {"Quantity": 0},
    }
    return answers(
        Integration.AWS,
        (DISTRIBUTIONS, {"DistributionList": {"Items": [item]}}),
        (CACHE_POLICIES, {"CachePolicyList": {"Items": POLICIES}}),
    )


@pytest.mark.parametrize(
    ("looked_at", "status", "told"),
    [
        (edge(by("lean")), PASS, "no more than named cookies and headers"),
        (edge(by("named")), PASS, "no more than named cookies and headers"),
        (edge(by("lean"), by("cookies", "/account/*")), FAIL, "all cookies or headers: /account/*"),
        (edge(by("cookies-but")), FAIL, "all cookies or headers: default"),
        (edge(by("queries")), PASS, "no more than named cookies and headers"),
        (edge(by("lean"), by("queries", "/img/*.png")), WARNING, "all of a query, for files: /img/*.png"),
        (edge(by("queries-but"), origin=BUCKET), WARNING, "all of a query, for files: default"),
        (edge(by("queries"), origin=SITE), PASS, "no more than named cookies and headers"),
        (edge(older("all")), FAIL, "all cookies or headers: default"),
        (edge(older(Headers={"Items": ["*"]})), FAIL, "all cookies or headers: default"),
        (edge(older("whitelist", Headers={"Items": ["Accept"]})), PASS, "no more than named cookies and headers"),
        (edge(by("lean"), older(query=True, path="*.css")), WARNING, "all of a query, for files: *.css"),
        (
            edge(by("lean"), older(query=True, path="*.css", QueryStringCacheKeys={"Items": ["v"]})),
            PASS,
            "no more than named cookies and headers",
        ),
        (edge(by("off"), by("lean", "*.js")), PASS, "no more than named cookies and headers"),
    ],
)
def test_the_key_holds_what_is_named(looked_at: Answers, status: CheckStatus, told: str) -> None:
    found = judged(check_of("PS-CDN-02"), looked_at)

    assert (found.status, found.items[0].observed) == (status, told)


@pytest.mark.parametrize("looked_at", [edge(by("off")), edge(by("cookies"), is_on=False)])
def test_what_keeps_nothing_has_no_key(looked_at: Answers) -> None:
    assert judged(check_of("PS-CDN-02"), looked_at).status is NOTHING


def test_a_policy_that_was_not_listed_says_nothing() -> None:
    assert judged(check_of("PS-CDN-02"), edge(by("gone"))).status is ERROR


@pytest.mark.parametrize(
    ("looked_at", "status", "told"),
    [
        (edge(by("short"), by("lean", "/static/*")), PASS, "/static/*: kept for 40 days, 0:00:00"),
        (edge(by("lean"), by("week", "*.png"), origin=BUCKET), WARNING, "*.png: kept for 7 days, 0:00:00"),
        (edge(by("capped"), origin=BUCKET), WARNING, "default: kept for 2 days, 0:00:00"),
        (
            edge(
                by(
                    "short",
                ),
                by("short", "*.js"),
            ),
            FAIL,
            "*.js: kept for 0:01:00",
        ),
        (edge(older(), origin=BUCKET), PASS, "default: kept for 31 days, 0:00:00"),
    ],
)
def test_files_are_kept_for_a_month(looked_at: Answers, status: CheckStatus, told: str) -> None:
    found = judged(check_of("PS-CDN-08"), looked_at)

    assert (found.status, found.items[0].observed) == (status, told)


def test_what_serves_no_files_is_not_judged() -> None:
    assert judged(check_of("PS-CDN-08"), edge(by("short"))).status is NOTHING


@pytest.mark.parametrize(("seconds", "status"), [(30 * DAY, PASS), (7 * DAY, WARNING), (DAY, WARNING), (3600, FAIL)])
def test_endpoints_of_digitalocean_keep_files(seconds: int, status: CheckStatus) -> None:
    found = {"endpoints": [{"endpoint": "img.fra1.cdn.digitaloceanspaces.com", "ttl": seconds}]}

    assert (
        judged(check_of("PS-CDN-08"), answers(Integration.DIGITALOCEAN, (ps_cdn_08.ENDPOINTS, found))).status is status
    )


def fronts(*routes: dict[str, Any], endpoints: Any = ()) -> Answers:
    """Properties of routes and of endpoints of the older CDN."""
    named = [{"id": f"r{at}", "properties": {"enabledState": "Enabled", **one}} for at, one in enumerate(routes)]
    return answers(
        Integration.AZURE,
        (ps_cdn_04.PROFILES, {"value": []}),
        (ps_cdn_04.FRONTS, {"value": []}),
        (ps_cdn_04.ROUTES, {"value": named}),
        (ps_cdn_04.ENDPOINTS, {"value": [{"id": "e", "properties": one} for one in endpoints]}),
    )


SQUEEZED = {"cacheConfiguration": {"compressionSettings": {"isCompressionEnabled": True}}}


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (fronts(SQUEEZED), PASS),
        (fronts(SQUEEZED, {"cacheConfiguration": {"compressionSettings": {"isCompressionEnabled": False}}}), FAIL),
        (fronts({"cacheConfiguration": None}), FAIL),
        (fronts({"enabledState": "Disabled"}), NOTHING),
        (fronts(endpoints=[{"resourceState": "Running", "isCompressionEnabled": True}]), PASS),
        (fronts(endpoints=[{"resourceState": "Running", "isCompressionEnabled": False}]), FAIL),
        (fronts(endpoints=[{"resourceState": "Stopped", "isCompressionEnabled": False}]), NOTHING),
    ],
)
def test_what_azure_serves_is_compressed(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(check_of("PS-CDN-04"), looked_at).status is status
