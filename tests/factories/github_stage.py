"""A GitHub organization with what stands beside it, and small changes that many cases make."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.fakes.github_hub import ABOVE, BASE, ORG, PROTECTION, REPO, GithubHub
from tests.fakes.okta_cloud import OktaCloud
from tests.fakes.scripted import Answered

SHOP = f"{ORG}/{REPO}"
REFUSED = Answered({"message": "Resource not accessible by personal access token"}, 403)
NOT_PROTECTED = Answered({"message": "Branch not protected"}, 404)
UPGRADE = Answered({"message": "Upgrade to GitHub Pro or make this repository public to enable this feature."}, 403)


@dataclass
class GithubStage:
    """`hub` is judged. `directory` stands beside it when it is connected, and `own` are our records by operation.
    It is judged `later` than it was read.
    """

    hub: GithubHub
    directory: OktaCloud
    is_directory_connected: bool = False
    own: dict[str, list[Any]] = field(default_factory=dict)
    later: timedelta = timedelta()

    def reset(self) -> None:
        """Nothing is wrong, and nothing else is connected."""
        self.hub.reset()
        self.directory.reset()
        self.is_directory_connected, self.own, self.later = False, {}, timedelta()

    @property
    def shop(self) -> dict[str, Any]:
        """The one repository, as lists tell of it."""
        return self.hub.repositories[0]


Make = Callable[[GithubStage], Any]


def archived(stage: GithubStage) -> None:
    """The only repository cannot change any more."""
    stage.shop["archived"] = True


def told(path: str, body: Any) -> Make:
    """What GitHub answers to this path of the repository, or of the organization where it begins with its path."""

    def make(stage: GithubStage) -> None:
        stage.hub.told[path if path.startswith(("/orgs", "/graphql")) else f"{BASE}/{path}"] = body

    return make


def refused(path: str) -> Make:
    """GitHub does not let us ask for this."""
    return told(path, REFUSED)


def shop(**own: Any) -> Make:
    """The repository tells this of itself in lists."""
    return lambda stage: stage.shop.update(own)


def organization(**own: Any) -> Make:
    """The organization tells this of itself."""
    return lambda stage: stage.hub.told[ABOVE].update(own)


def protection(**own: Any) -> Make:
    """The default branch is protected, but for this."""
    kept = {key: value for key, value in {**PROTECTION, **own}.items() if value is not None}
    return told("branches/main/protection", kept)
