"""A site of Jira with what stands beside it, and small changes that many cases make."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from domain.facts.compliance import Integration
from tests.factories.github_stage import GithubStage
from tests.fakes.jira_history import JiraHistory
from tests.fakes.okta_cloud import OktaCloud
from tests.fakes.scripted_rest import Scripted


@dataclass
class JiraStage:
    """`site` is judged. Of what stands beside it those are `connected` that are said to be.

    `own` are our records and `written` what we have written into Jira, both by operation. Where it is said, the site
    was `first_read` so long ago, and again now.
    """

    site: JiraHistory
    code: GithubStage
    directory: OktaCloud
    team: Scripted
    connected: set[Integration] = field(default_factory=set)
    own: dict[str, list[Any]] = field(default_factory=dict)
    written: dict[str, list[Any]] = field(default_factory=dict)
    first_read: timedelta | None = None

    def reset(self) -> None:
        """Nothing is there, and nothing else is connected."""
        self.site.reset()
        self.code.reset()
        self.directory.reset()
        self.connected, self.own, self.written, self.first_read = set(), {}, {}, None


Make = Callable[[JiraStage], Any]


def refused(stage: JiraStage) -> None:
    """We may not search."""
    stage.site.refuses = "/search/jql"


def opened(key: str, days: float, *labels: str, **own: Any) -> Make:
    """An issue, opened so many days ago."""
    return lambda stage: stage.site.open(key, days, *labels, **own)


def moved(key: str, days: float, status: str, category: str = "In Progress", by: str = "boss") -> Make:
    """It is in another status since so many days."""
    return lambda stage: stage.site.move(key, days, status, category, by)


def done(key: str, days: float) -> Make:
    return moved(key, days, "Done", "Done")


def labelled(key: str, days: float, label: str) -> Make:
    return lambda stage: stage.site.label(key, days, label)


def without(*fields: str) -> Make:
    """No project of the site has these fields."""
    return lambda stage: setattr(stage.site, "hidden", fields)


def in_pages_of(size: int) -> Make:
    """Searches give no more issues than so many at a time."""
    return lambda stage: setattr(stage.site, "page_size", size)


def filled(key: str, days: float, name: str) -> Make:
    """A field of this name was filled."""
    return lambda stage: stage.site.fill(key, days, name, "As it was.")


def attached(key: str, days: float) -> Make:
    return lambda stage: stage.site.attach(key, days, "restored.txt")


def recorded(operation: str, *rows: Any) -> Make:
    """Our own records of an operation."""
    return lambda stage: stage.own.update({operation: list(rows)})


def connected(*systems: Integration) -> Make:
    """These systems are connected beside Jira."""
    return lambda stage: stage.connected.update(systems)
