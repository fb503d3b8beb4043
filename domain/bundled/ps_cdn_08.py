"""Files are kept at the edge long enough.

Whether a file has its version in its name is not told: all files count. An origin that says itself how long they may be
kept is not looked at.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.edge import CACHE_POLICIES, DISTRIBUTIONS, Behaviour, behaviours
from domain.facts.compliance import Integration

ENDPOINTS = "GET /v2/cdn/endpoints"
LONG, LEAST = timedelta(days=30), timedelta(days=1)
WANTED = "kept for 30 days"


def _aws(case: Case) -> Iterator[Item]:
    """Each distribution with a path of files, by the shortest of them."""
    for arn, every in behaviours(case.answers):
        files = [one for one in every if one.is_static]
        if files:
            yield _shortest(arn, files)


def _shortest(arn: str, files: Iterable[Behaviour]) -> Item:
    shortest = min(files, key=lambda one: one.ttl)
    return _kept(arn, timedelta(seconds=shortest.ttl), f"{shortest.path}: ")


def _digitalocean(case: Case) -> Iterator[Item]:
    for one in case.answers.items(ENDPOINTS, "endpoints"):
        yield _kept(one["endpoint"], timedelta(seconds=one["ttl"]))


def _kept(name: str, time: timedelta, where: str = "") -> Item:
    said = f"{where}kept for {time}"
    if time >= LONG:
        return passed(name, said)
    return warned(name, said, WANTED) if time >= LEAST else failed(name, said, WANTED)


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(CACHE_POLICIES, DISTRIBUTIONS),
        passes="Each path of files, and each with a bucket behind it, keeps them for 30 days or more by default.",
        warns="A path keeps them for 1 to 30 days.",
        fails="A path keeps them for less than a day.",
        judge=_aws,
    ),
    Procedure(
        integration=Integration.DIGITALOCEAN,
        scope="resource",
        operations=(ENDPOINTS,),
        passes="Each endpoint keeps files for 30 days or more, which is longer than DigitalOcean offers today.",
        warns="An endpoint keeps them for 1 to 30 days.",
        fails="An endpoint keeps them for less than a day.",
        judge=_digitalocean,
    ),
)
