"""How calls name a repository. No rules here."""

from domain.facts.resource import Resource


def named(full_name: str) -> dict[str, str]:
    """The path of a repository, from its owner's name and its own."""
    owner, _, repository = full_name.partition("/")
    return {"owner": owner, "repo": repository}


def is_active(repository: Resource) -> bool:
    """Whether it can change: an archived one cannot."""
    return not repository.config.get("archived")
