"""Access that is granted in Okta, the requests for it in Jira, and what the control must say of the grants."""

from collections.abc import Callable
from typing import Any, NamedTuple

from domain.facts.compliance import CheckStatus
from tests.factories.okta_changes_of_people import ANN, BEN, email, logged
from tests.fakes.jira_desk import JiraDesk
from tests.fakes.okta_cloud import OktaCloud

GRANTED_DAYS_AGO = 2


class Granted(NamedTuple):
    """`make` changes both systems; the control must say `status` of the grant `item`, and that `seen` was.

    Without an item there must be none, and the status is that of the whole.
    """

    status: CheckStatus
    make: Callable[[OktaCloud, JiraDesk], Any]
    item: str = ""
    seen: str = ""


def granted(cloud: OktaCloud, person: str, number: int = 1) -> None:
    """Somebody is given Salesforce."""
    login = email(person)
    user = {"id": person, "type": "User", "alternateId": login, "displayName": person, "detailEntry": None}
    account = {**user, "id": "0ua1", "type": "AppUser"}
    app = {"id": "0oa1", "type": "AppInstance", "alternateId": "Salesforce", "displayName": "Salesforce"}
    kind, uuid = "application.user_membership.add", f"grant-{number}"
    entry = logged(cloud, kind, account, {**app, "detailEntry": None}, user, uuid=uuid, days=GRANTED_DAYS_AGO)
    cloud.log.append(entry)


def approved(cloud: OktaCloud, desk: JiraDesk) -> None:
    """Everything was asked for and approved before."""
    granted(cloud, ANN)
    desk.asked_for(f"Salesforce for {email(ANN)}", days=4, approved=3)


def one_of_twenty_unasked(cloud: OktaCloud, desk: JiraDesk) -> None:
    approved(cloud, desk)
    for number in range(2, 20):
        granted(cloud, ANN, number)
    granted(cloud, BEN, 20)


def unasked(cloud: OktaCloud, desk: JiraDesk) -> None:
    approved(cloud, desk)
    granted(cloud, BEN, 2)


def approved_too_late(cloud: OktaCloud, desk: JiraDesk) -> None:
    granted(cloud, ANN)
    desk.asked_for(f"Salesforce for {email(ANN)}", days=4, approved=1)


def refused(cloud: OktaCloud, desk: JiraDesk) -> None:
    approved(cloud, desk)
    cloud.refuse("/api/v1/logs", 403, "E0000006", "You do not have permission to perform the requested action")


def nothing_granted(_: OktaCloud, desk: JiraDesk) -> None:
    desk.asked_for(f"Salesforce for {email(ANN)}", days=4, approved=None)


WITHOUT = "without an approved request"
GRANTS = (
    Granted(CheckStatus.PASS, approved, "grant-1", "answers ACC-1"),
    Granted(CheckStatus.WARNING, one_of_twenty_unasked, "grant-20", WITHOUT),
    Granted(CheckStatus.FAIL, unasked, "grant-2", WITHOUT),
    Granted(CheckStatus.FAIL, approved_too_late, "grant-1", WITHOUT),
    Granted(CheckStatus.ERROR, refused),
    Granted(CheckStatus.NOT_APPLICABLE, nothing_granted),
)
