"""The key of the cache carries no header, cookie or query for nothing.

What changes a response is not told: all of a kind is too much, what is named is not. Paths that keep nothing have no
key that matters.
"""

from collections.abc import Iterable, Iterator

from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.edge import CACHE_POLICIES, DISTRIBUTIONS, Behaviour, behaviours
from domain.facts.compliance import Integration

WANTED = "a key of what changes the response"


def _aws(case: Case) -> Iterator[Item]:
    """Each distribution that keeps something, by the worst of its paths."""
    for arn, every in behaviours(case.answers):
        kept = [one for one in every if one.longest > 0]
        if kept:
            yield _keyed(arn, kept)


def _keyed(arn: str, kept: Iterable[Behaviour]) -> Item:
    whole = [one.path for one in kept if "all" in (one.cookies, one.headers)]
    if whole:
        return failed(arn, f"all cookies or headers: {', '.join(whole)}", WANTED)
    queries = [one.path for one in kept if one.is_static and one.queries == "all"]
    if queries:
        return warned(arn, f"all of a query, for files: {', '.join(queries)}", WANTED)
    return passed(arn, "no more than named cookies and headers")


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(CACHE_POLICIES, DISTRIBUTIONS),
        passes="No path that keeps answers tells them apart by all cookies or headers, or files by all of a query.",
        warns="A path of files tells answers apart by everything in a query.",
        fails="A path tells answers apart by all cookies or headers, or all but some.",
        judge=_aws,
    ),
)
