"""What is changed in a Slack workspace and in the directory beside it, and what the controls must then say of it.

One change for each verdict; in the workspace is nobody before. It is judged at NOW.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from domain.facts.compliance import Verdict
from tests.fakes.collecting import NOW
from tests.fakes.okta_cloud import OktaCloud
from tests.fakes.slack_workspace import TEAM, SlackWorkspace

PASS, WARNING, FAIL = Verdict.PASS, Verdict.WARNING, Verdict.FAIL


class Workspace(NamedTuple):
    """A workspace, and the directory of the same people."""

    slack: SlackWorkspace
    directory: OktaCloud


class Changed(NamedTuple):
    """`make` is the change, and gives what it is about by the name that the control has for it.

    The control must then say `verdict` of that, for what it has `observed`.
    """

    control: str
    verdict: Verdict
    make: Callable[[Workspace], str]
    observed: str


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def person(**own: Any) -> Callable[[Workspace], str]:
    """Ann, a member of the workspace."""
    return lambda workspace: workspace.slack.add_person("ann", **own)


def guest(days: float) -> Callable[[Workspace], str]:
    """A guest whose profile last changed so many days ago."""
    return person(is_restricted=True, updated=int((NOW - timedelta(days=days)).timestamp()))


def administrators(count: int, others: int = 0, **own: Any) -> Callable[[Workspace], str]:
    """So many of them among others. It is about the workspace."""

    def make(workspace: Workspace) -> str:
        for number in range(count):
            workspace.slack.add_person(f"admin-{number}", **(own or {"is_admin": True}))
        for number in range(others):
            workspace.slack.add_person(f"other-{number}")
        return TEAM

    return make


def known(make: Callable[[Workspace], str], **own: Any) -> Callable[[Workspace], str]:
    """The same, with ann in the directory; she signed in yesterday unless said otherwise."""

    def make_known(workspace: Workspace) -> str:
        workspace.directory.add_user("ann", **{"lastLogin": ago(1), "statusChanged": ago(300), **own})
        return make(workspace)

    return make_known


def left(hours: float) -> Callable[[Workspace], str]:
    """The directory has ended ann so many hours ago."""
    return known(person(), status="DEPROVISIONED", statusChanged=ago(hours / 24))


CHANGES = (
    Changed("CW-IAM-02", PASS, person(), "ann has a second factor"),
    Changed("CW-IAM-02", WARNING, person(without=("has_2fa",)), "ann: Slack leaves signing in to an identity provider"),
    Changed("CW-IAM-02", FAIL, person(has_2fa=False), "ann has no second factor"),
    Changed("CW-IAM-06", PASS, known(person()), "ann is not dormant"),
    Changed("CW-IAM-06", PASS, known(guest(50)), "ann is not dormant"),
    Changed("CW-IAM-06", WARNING, known(guest(70)), "ann is a guest, unchanged for 70 days"),
    Changed("CW-IAM-06", WARNING, known(person(), lastLogin=ago(70)), "ann has not signed in to the directory lately"),
    Changed("CW-IAM-06", FAIL, left(72), "the directory has ended ann"),
    Changed("CW-IAM-07", PASS, administrators(5), "5 of 5 people are administrators or owners"),
    Changed("CW-IAM-07", PASS, administrators(6, 54), "6 of 60 people are administrators or owners"),
    Changed("CW-IAM-07", FAIL, administrators(6, 53), "6 of 59 people are administrators or owners"),
    Changed("CW-IAM-07", FAIL, administrators(6, is_owner=True), "6 of 6 people are administrators or owners"),
    Changed("CW-IAM-09", PASS, known(person()), "ann has not left"),
    Changed("CW-IAM-09", WARNING, left(10), "ann left 10 hours ago and still has access"),
    Changed("CW-IAM-09", WARNING, known(person(has_address=False)), "ann has no address to compare"),
    Changed("CW-IAM-09", FAIL, left(72), "ann left 72 hours ago and still has access"),
)
