"""What a setup is made of, and what the vendors' setups have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.facts.access import ReadNeed
from domain.facts.provider import Provider
from domain.setup.level import AccessLevel


@dataclass(frozen=True)
class Snippet:
    title: str
    file_name: str
    language: str
    content: str


@dataclass(frozen=True, kw_only=True)
class Setup:
    provider: Provider
    level: AccessLevel
    steps: list[str]
    permissions: list[str]
    snippets: list[Snippet]
    external_id: str | None = None


def handed_over(level: AccessLevel, what: str, how: str) -> str:
    """The step that gives credentials to CloudWatcher: to read what is connected by it, or to change it."""
    if level is AccessLevel.READ:
        return f"Connect the {what} with {how}."
    return f"Connect the {what} to be read first, with credentials of their own; then call allowRemediation with {how}."


def permissions_of(needs: Iterable[ReadNeed], *more: str) -> list[str]:
    """Everything the reads need, each once, sorted."""
    return sorted({name for need in needs for name in need.permissions} | set(more))


def plans_of(needs: Iterable[ReadNeed]) -> list[str]:
    """A step for each plan or setting that some reads want."""
    plans = sorted({need.plan for need in needs if need.plan is not None})
    return [f"Some of it is there only with {plan}; without, it is named as not readable." for plan in plans]


def in_words(permissions: Sequence[str]) -> list[str]:
    """A step for each permission that is no name but a sentence."""
    return [f"Where it is to be read, also give: {name}." for name in permissions if " " in name]


def names(permissions: Sequence[str]) -> list[str]:
    """The permissions that are names."""
    return [name for name in permissions if " " not in name]


def lines(*parts: str) -> str:
    return "\n".join(parts) + "\n"
