"""What is changed in an organization of Okta about people, what they may do, and what works for them."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.compliance.access_reviews import ReviewedAccess
from domain.compliance.answers import Answers
from domain.compliance.filed_records import VendorApp
from domain.compliance.own_records import ControlOwner, PolicyAcknowledgement
from domain.facts.compliance import Integration
from tests.factories.answers import answers
from tests.fakes.okta_cloud import OktaCloud, stamp

Change = Callable[[OktaCloud], None]
# The organization of the stand-in, and an app in it.
ORGANIZATION, APP = "00o1", "0oa1"
ANN, BEN = "00u1", "00u2"


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def email(person: str) -> str:
    return f"{person}@example.com"


def person(status: str = "ACTIVE", **own: Any) -> Change:
    def make(cloud: OktaCloud) -> None:
        cloud.add_user(ANN, status=status, **own)

    return make


def last_came(days: float) -> Change:
    return lambda cloud: person(lastLogin=stamp(days))(cloud)


def newcomer(cloud: OktaCloud) -> None:
    """Somebody who was entered and has not begun."""
    cloud.add_user(ANN, status="STAGED", lastLogin=None, passwordChanged=None, activated=None)


def admins(count: int, *, factors: tuple[str, ...] = ()) -> Change:
    """So many super administrators, each with these types of factors."""

    def make(cloud: OktaCloud) -> None:
        for number in range(1, count + 1):
            cloud.add_role(cloud.add_user(f"00u{number}"), days=90)
            cloud.factors[f"00u{number}"] = [_factor(cloud, kind) for kind in factors]

    return make


def _factor(cloud: OktaCloud, kind: str) -> dict[str, Any]:
    """One of Okta's example, or one of another type in the same shape."""
    every = cloud.described.example("ListFactorsResults")
    known = next((one for one in every if one["factorType"] == kind), None)
    return deepcopy(known) if known else {**deepcopy(every[-1]), "id": f"{kind}-1", "factorType": kind, "profile": {}}


def suspended_admin(cloud: OktaCloud) -> None:
    admins(1)(cloud)
    cloud.users[ANN]["status"] = "SUSPENDED"


def deactivated(status: str) -> Change:
    """Somebody who was deactivated, and how they are now."""

    def make(cloud: OktaCloud) -> None:
        cloud.add_user(ANN, status=status, statusChanged=stamp(3))
        target = {"id": ANN, "type": "User", "alternateId": email(ANN), "displayName": "Ann", "detailEntry": None}
        cloud.log = [logged(cloud, "user.lifecycle.deactivate", target, uuid="event-1", days=3)]

    return make


def logged(cloud: OktaCloud, kind: str, *target: dict[str, Any], uuid: str, days: float = 2) -> dict[str, Any]:
    """An entry of the System Log in the shape of Okta's example."""
    (entry,) = deepcopy(cloud.described.example("ListLogs"))
    return {**entry, "uuid": uuid, "eventType": kind, "published": stamp(days), "target": list(target)}


def token(age: float, idle: float, network: dict[str, Any] | None = None) -> Change:
    """A token made so many days ago and used so many days ago."""

    def make(cloud: OktaCloud) -> None:
        (made, _) = deepcopy(cloud.described.example("ApiTokenListMetadataResponse"))
        dates = {"created": stamp(age), "lastUpdated": stamp(idle), "expiresAt": stamp(idle - 30)}
        cloud.tokens[made["id"]] = {**made, **dates, "network": network or {"connection": "ANYWHERE"}}

    return make


def app(days: float = 90, *, people: tuple[str, ...] = ()) -> Change:
    """An app that was made so many days ago, and who has it."""

    def make(cloud: OktaCloud) -> None:
        example = cloud.described.example("GetApplicationsResponseEx")
        cloud.listed["apps"] = [{**deepcopy(example), "id": APP, "label": "Salesforce", "created": stamp(days)}]
        (user,) = deepcopy(cloud.described.example("AppUserListEx"))
        cloud.assigned[APP] = [{**user, "id": one, "created": stamp(60)} for one in people]

    return make


def app_whose_people_are_refused(cloud: OktaCloud) -> None:
    app()(cloud)
    message = "You do not have permission to perform the requested action"
    cloud.refuse(f"/api/v1/apps/{APP}/users", 403, "E0000006", message)


# What we know ourselves


def ours(operation: str, *rows: Any) -> Callable[[], Answers]:
    return lambda: answers(Integration.PLATFORM, (operation, list(rows)), account="us")


def readers(*people: str) -> Callable[[], Answers]:
    """The one policy, and whom it asks to read it."""
    row: PolicyAcknowledgement = {
        "policy": "access",
        "version": "2",
        "acknowledged": len(people),
        "required": len(people),
        "required_emails": [email(one) for one in people],
    }
    return ours("platform:policy_acknowledgements", *([row] if people else []))


def owned_by(person: str) -> Callable[[], Answers]:
    """The one control that has an owner."""
    row: ControlOwner = {
        "control_id": "CW-IAM-01",
        "owner_user_id": person,
        "owner_email": email(person),
        "owner_is_active": True,
        "backup_user_id": None,
        "tester_user_id": None,
        "overdue_actions": 0,
    }
    return ours("platform:control_owners", row)


def reviewed(decision: str) -> Callable[[], Answers]:
    """A review in which it was decided so about Ann and the app."""
    row: ReviewedAccess = {
        "campaign": "Q1",
        "integration": Integration.OKTA.value,
        "account": ORGANIZATION,
        "thing": APP,
        "person": ANN,
        "decision": decision,
        "decided_at": ago(9),
        "listed_at": ago(20),
    }
    return ours("platform:access_review_items", row)


def register(*apps: str) -> Callable[[], Answers]:
    """The register of vendors with these apps of Okta."""
    rows: list[VendorApp] = [
        {"vendor": one, "integration": Integration.OKTA.value, "app": one, "permissions": []} for one in apps
    ]
    return ours("platform:vendor_apps", *rows)
