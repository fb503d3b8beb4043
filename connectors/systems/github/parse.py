"""Items of GitHub as resources."""

from collections.abc import Mapping
from typing import Any

from connectors.reading.listing import Item, Parse, Place
from connectors.rest.values import moment
from domain.facts.resource import Resource, ResourceKind

# They change all the time and say nothing about how a thing is set up.
COUNTERS = frozenset(
    {
        "disk_usage",
        "followers",
        "following",
        "forks",
        "forks_count",
        "network_count",
        "open_issues",
        "open_issues_count",
        "size",
        "stargazers_count",
        "subscribers_count",
        "watchers",
        "watchers_count",
    }
)
DROPPED = COUNTERS | {"_links", "gravatar_id", "avatar_url"}


def slim(item: Any) -> Any:
    """Without counters and without the addresses of further calls, of which each item has some forty."""
    if isinstance(item, dict):
        return {key: slim(value) for key, value in item.items() if not _is_dropped(key)}
    return [slim(one) for one in item] if isinstance(item, list) else item


def _is_dropped(key: str) -> bool:
    return key in DROPPED or (key.endswith("_url") and key != "html_url")


def parse_as(kind: ResourceKind, noun: str, *, key: str = "id", name: str = "name", **also: Any) -> Parse:
    """Items that carry their number under `key`: GitHub counts each noun on its own, so it is part of the id.

    `also` goes into the config. What stands under a repository carries its name there.
    """

    def parse(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
        owner = place.parent["full_name"] if place.above and "full_name" in place.parent else None
        config = {**slim(item), **details, **also, **({"repository": owner} if owner else {})}
        return Resource(
            kind=kind,
            native_id=f"{noun}/{item[key]}",
            name=str(item.get(name) or item[key]),
            config=config,
            created_at=moment(item.get("created_at")),
        )

    return parse


def parse_organization(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """The organization by its number, since its name can change. Source: GET /orgs/{org}."""
    return Resource(
        kind=ResourceKind.GITHUB_ORGANIZATION,
        native_id=str(item["id"]),
        name=item["login"],
        config={**slim(item), **details},
        created_at=moment(item.get("created_at")),
    )


def parse_repository(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """A repository as the list tells of it, with its details. Source: GET /orgs/{org}/repos."""
    topics = item.get("topics") or []
    return Resource(
        kind=ResourceKind.GITHUB_REPOSITORY,
        native_id=f"repository/{item['id']}",
        name=item["full_name"],
        tags=dict.fromkeys(topics, ""),
        config={**slim(item), **details},
        created_at=moment(item.get("created_at")),
    )


def parse_alert(kind: ResourceKind, noun: str) -> Parse:
    """An alert by its repository and number."""

    def parse(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
        where = item["repository"]["full_name"]
        config = {**slim({key: value for key, value in item.items() if key != "repository"}), "repository": where}
        return Resource(
            kind=kind,
            native_id=f"{where}/{noun}/{item['number']}",
            name=f"{where} {noun} {item['number']}",
            config=config,
            created_at=moment(item.get("created_at")),
        )

    return parse


def parse_secret(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """A secret of Actions by its owner and name; its value is never told by GitHub."""
    repository = place.parent["full_name"] if place.above else None
    name = item["name"]
    return Resource(
        kind=ResourceKind.GITHUB_SECRET,
        native_id=f"{repository or 'organization'}/secrets/{name}",
        name=name,
        config={**slim(item), "repository": repository},
        created_at=moment(item.get("created_at")),
    )


def parse_pull_request(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """A merged pull request with its reviews, the checks of its head and the commit it became."""
    where = place.parent["full_name"]
    # Each end of a pull request carries the whole repository again.
    ends = {end: {"ref": item[end]["ref"], "sha": item[end]["sha"]} for end in ("head", "base")}
    config = {**slim(item), **ends, **details, "repository": where}
    return Resource(
        kind=ResourceKind.GITHUB_PULL_REQUEST,
        native_id=f"{where}/pulls/{item['number']}",
        name=f"{where}#{item['number']}",
        config=config,
        created_at=moment(item.get("created_at")),
    )
