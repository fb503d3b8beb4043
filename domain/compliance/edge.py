"""What distributions of CloudFront keep, for how long, and by which parts of a request they tell answers apart."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from domain.compliance.answers import Answers

DISTRIBUTIONS, CACHE_POLICIES = "cloudfront.list_distributions", "cloudfront.list_cache_policies"
# What buckets are called as origins: name.s3.eu-west-1.amazonaws.com, name.s3-website.eu-west-1.amazonaws.com.
_ORIGIN = re.compile(r"(.+)\.s3(-website)?[.-].*amazonaws\.com(\.cn)?")
# Words and endings in paths by which files are known that do not change under their name.
ASSETS = frozenset(
    {
        *("asset", "assets", "static", "dist", "media", "img", "image", "images", "font", "fonts", "css", "js", "svg"),
        *("png", "jpg", "jpeg", "gif", "webp", "avif", "ico", "woff", "woff2", "mp4"),
    }
)
Part = Literal["none", "some", "all"]
# Of the settings of a policy and of those that came before policies.
_PARTS: Mapping[str, Part] = {"none": "none", "whitelist": "some", "allExcept": "all", "all": "all"}


class Behaviour(NamedTuple):
    """How one path of a distribution that is on is served.

    `path` is "default" where it names none. `ttl` is for how many seconds is kept what an origin says nothing of, and
    `longest` how long anything is. `is_static`: its name says that files stand there, or a bucket is behind it.
    `cookies`, `headers` and `queries` are how much of each tells answers apart.
    """

    path: str
    is_static: bool
    ttl: int
    longest: int
    cookies: Part
    headers: Part
    queries: Part


def bucket_of_origin(domain: str) -> str | None:
    """The name of the bucket, None for what is none."""
    found = _ORIGIN.fullmatch(domain)
    return found[1] if found else None


def distributions(answers: Answers) -> Iterator[Mapping[str, Any]]:
    """Those that are on. Raises as `Answers.calls`."""
    return (one for one in answers.items(DISTRIBUTIONS, "DistributionList.Items") if one["Enabled"])


def behaviours(answers: Answers) -> Iterator[tuple[str, list[Behaviour]]]:
    """The ARN of each distribution that is on, and how its paths are served, the default first.

    Raises as `Answers.calls`, and KeyError for a policy that was not listed. Source: CloudFront API reference,
    CacheBehavior and CachePolicyConfig.
    """
    listed = (one["CachePolicy"] for one in answers.items(CACHE_POLICIES, "CachePolicyList.Items"))
    policies = {one["Id"]: one["CachePolicyConfig"] for one in listed}
    for one in distributions(answers):
        domains = {origin["Id"]: origin["DomainName"] for origin in one["Origins"]["Items"]}
        every = [one["DefaultCacheBehavior"], *((one.get("CacheBehaviors") or {}).get("Items") or [])]
        yield one["ARN"], [_behaviour(served, domains.get(served["TargetOriginId"], ""), policies) for served in every]


def _behaviour(served: Mapping[str, Any], domain: str, policies: Mapping[str, Any]) -> Behaviour:
    path = str(served.get("PathPattern") or "default")
    policy = served.get("CachePolicyId")
    times = policies[policy] if policy else served
    cookies, headers, queries = _by_policy(policies[policy]) if policy else _by_values(served["ForwardedValues"])
    longest = int(times["MaxTTL"])
    return Behaviour(
        path=path,
        is_static=bool(ASSETS.intersection(re.findall(r"[a-z0-9]+", path.lower()))) or is_file_store(domain),
        ttl=min(int(times["DefaultTTL"]), longest),
        longest=longest,
        cookies=cookies,
        headers=headers,
        queries=queries,
    )


def is_file_store(domain: str) -> bool:
    """Whether an origin is a bucket of files; one that is set up as a website serves pages, too."""
    found = _ORIGIN.fullmatch(domain)
    return bool(found and not found[2])


def _by_policy(policy: Mapping[str, Any]) -> tuple[Part, Part, Part]:
    key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    return (
        _PARTS[key["CookiesConfig"]["CookieBehavior"]],
        _PARTS[key["HeadersConfig"]["HeaderBehavior"]],
        _PARTS[key["QueryStringsConfig"]["QueryStringBehavior"]],
    )


def _by_values(values: Mapping[str, Any]) -> tuple[Part, Part, Part]:
    """The older settings. One header "*" is all of them; with keys named, other parts of a query do not count."""
    headers = (values.get("Headers") or {}).get("Items") or []
    keys = (values.get("QueryStringCacheKeys") or {}).get("Items") or []
    queries: Part = "none" if not values["QueryString"] else "some" if keys else "all"
    said: Part = "all" if "*" in headers else "some" if headers else "none"
    return _PARTS[values["Cookies"]["Forward"]], said, queries
