"""How the calls of GitHub are written down.

Permissions are those of an app or a fine-grained token, as GitHub prints them itself in X-Accepted-GitHub-Permissions.
Source: docs.github.com, "Permissions required for GitHub Apps". A service is a resource of GitHub's rate limits.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.reading.listing import Answer, Arguments, Item, Operation, Place
from connectors.rest.values import without

CORE, GRAPHQL, AUDIT_LOG, SBOM = "core", "graphql", "audit_log", "dependency_sbom"
PAGE_SIZE = 100
ADMINISTRATION, ORGANIZATION = "administration=read", "organization_administration=read"
# The body by which GitHub says that a thing is not there, where the same status may also hide it.
NOT_SET = "not_set"
# A token to clone a private repository with, which stands in every full description of one.
CLONE_TOKEN = "temp_clone_token"  # noqa: S105 - the name of a field


def get(
    path: str,
    *permissions: str,
    service: str = CORE,
    plan: str | None = None,
    off: frozenset[str] = frozenset(),
    hide: Callable[[Answer], Answer] | None = None,
    **options: Any,
) -> Operation:
    """A GET. `not_set` among the options: status -> words of the message by which GitHub says that it is not set."""
    return Operation(
        name=f"GET {path}",
        service=service,
        permissions=permissions,
        plan=plan,
        absent=frozenset(options.get(NOT_SET, {})),
        off=off,
        hidden=hide or dropping(),
        options=options,
    )


def graphql(name: str, *permissions: str, cursor: str = "") -> Operation:
    """A fixed query. `cursor` is the path of its pageInfo, where it has pages."""
    return Operation(
        name=f"GRAPHQL {name}",
        request="POST /graphql",
        service=GRAPHQL,
        permissions=permissions,
        options={"cursor": cursor},
    )


def dropping(*keys: str) -> Callable[[Answer], Answer]:
    """Takes what holds secrets out of an answer, at any depth."""
    return lambda answer: without(answer, (*keys, CLONE_TOKEN))


def listed(key: str = "") -> Callable[[Answer], list[Item]]:
    """The list under this key, or that the answer itself is. Raises KeyError, TypeError for another answer."""

    def items(answer: Answer) -> list[Item]:
        found = answer[key] if key else answer
        if not isinstance(found, list):
            raise TypeError("a list")
        return found

    return items


def joined(key: str = "") -> Callable[[Sequence[Answer]], list[Item]]:
    """The same of all pages, one after another."""
    items = listed(key)
    return lambda pages: [item for page in pages for item in items(page)]


def one_of(*keys: str) -> Callable[[Sequence[Answer]], Any]:
    """The first page, None without one. Raises KeyError where it lacks one of these keys: it is another answer then."""

    def pick(pages: Sequence[Answer]) -> Any:
        found = pages[0] if pages else None
        missing = [key for key in keys if found is not None and key not in found]
        if missing:
            raise KeyError(missing[0])
        return found

    return pick


def full_pages(_: Place) -> Arguments:
    return {"per_page": PAGE_SIZE}


def repository(item: Mapping[str, Any]) -> dict[str, Any]:
    """The path of a repository."""
    return {"owner": item["owner"]["login"], "repo": item["name"]}


def of_repository(**more: Any) -> Callable[[Item, Place], Arguments]:
    """A call about the repository itself."""
    return lambda item, _: {**repository(item), **more}


def below_repository(**more: Any) -> Callable[[Place], Arguments]:
    """A list under the repository."""
    return lambda place: {**repository(place.parent), "per_page": PAGE_SIZE, **more}


def of_branch(item: Item, _: Place) -> Arguments:
    """A call about the default branch."""
    return {**repository(item), "branch": item["default_branch"]}


def is_active(item: Mapping[str, Any]) -> bool:
    """Archived repositories cannot change: they are kept with what the list tells of them."""
    return not item.get("archived")
