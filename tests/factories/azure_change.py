"""One state of a subscription in Azure, and what a control must then say of it."""

from datetime import timedelta
from typing import NamedTuple

from domain.facts.compliance import CheckStatus
from tests.fakes.azure import ROOT, refused
from tests.fakes.azure_told import Says
from tests.fakes.collecting import NOW
from tests.fakes.scripted import Answered

PASS, WARNING, FAIL, ERROR = CheckStatus.PASS, CheckStatus.WARNING, CheckStatus.FAIL, CheckStatus.ERROR
NOTHING, UNKNOWN = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
GROUP = f"{ROOT}/resourceGroups/rg1"
NOBODY: Says = {}


class Change(NamedTuple):
    """`says` is all that there is, by what the paths end with. The control must then say `status`.

    It says so of what has an id that ends with `item`; what was observed of it has `seen` in it. Where nothing could be
    judged `seen` stands in what is said of the problem.
    """

    control: str
    status: CheckStatus
    says: Says
    item: str = ""
    seen: str = ""


def ago(days: float) -> str:
    """The time so many days before the account is judged, as Azure writes it."""
    return f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def ahead(days: float) -> str:
    return ago(-days)


def id_of(kind: str, name: str) -> str:
    """Of something in the resource group that everything is in."""
    return f"{GROUP}/providers/{kind}/{name}"


def denied(action: str) -> Answered:
    """What Resource Manager answers to whoever lacks the right to this action."""
    whom = "The client 'c1' with object id 'o1' does not have authorization to perform action"
    return refused("AuthorizationFailed", f"{whom} '{action}' over scope '{ROOT}' or the scope is invalid.")
