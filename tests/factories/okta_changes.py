"""What is changed in an organization of Okta, and what the controls must then say of it.

One change for each verdict; the organization has nothing before. Dates lie before the moment it is judged.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from domain.compliance.access_reviews import REVOKE
from domain.compliance.answers import Answers
from domain.facts.access_review import AccessDecision
from domain.facts.compliance import CheckStatus
from tests.factories import okta_changes_of_people as people
from tests.factories import okta_changes_of_sign_on as sign_on
from tests.factories.okta_changes_of_people import ANN, APP, BEN, ORGANIZATION, email
from tests.fakes.okta_cloud import OktaCloud

PASS, WARNING, FAIL, ERROR = CheckStatus.PASS, CheckStatus.WARNING, CheckStatus.FAIL, CheckStatus.ERROR
NOTHING, UNASSESSED = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
CATCH_ALL, SESSIONS, TOKEN = "ruleId", "0prh1sd28q5sXGW08697", "00Tabcdefg1234567890"
DEVICES = "dae1f42iavrXPlAtG0g5"


class Changed(NamedTuple):
    """`make` is the change; the control must then say `status` of `item`, and of it that `seen` was.

    Without an item there must be none, and the status is that of the whole. `beside` are our own records; `later` is
    how long after it was read it is judged.
    """

    control: str
    status: CheckStatus
    make: Callable[[OktaCloud], Any]
    item: str = ""
    seen: str = ""
    beside: Callable[[], Answers] | None = None
    later: timedelta = timedelta()


def nothing(_: OktaCloud) -> None:
    """The organization stays as it is."""


GOVERNANCE = (
    Changed("CW-GOV-01", PASS, people.person(), email(ANN), "asked to read", beside=people.readers(ANN)),
    Changed("CW-GOV-01", FAIL, people.person(), email(BEN), "not an active person", beside=people.readers(ANN, BEN)),
    Changed("CW-GOV-01", NOTHING, people.newcomer, beside=people.readers()),
    Changed("CW-GOV-02", PASS, people.person(), email(ANN), "ACTIVE", beside=people.owned_by(ANN)),
    Changed("CW-GOV-02", FAIL, people.suspended_admin, email(ANN), "SUSPENDED", beside=people.owned_by(ANN)),
    Changed("CW-VEN-01", PASS, people.app(), "Salesforce", "on the register", beside=people.register("salesforce")),
    Changed("CW-VEN-01", WARNING, people.app(3), "Salesforce", "not on the register", beside=people.register()),
    Changed("CW-VEN-01", FAIL, people.app(90), "Salesforce", "not on the register", beside=people.register("Workday")),
)
SIGN_ON = (
    Changed("CW-IAM-01", PASS, people.admins(1, factors=("question", "push")), ANN, "push, question"),
    Changed("CW-IAM-01", WARNING, people.admins(1, factors=("question", "sms")), ANN, "only question, sms"),
    Changed("CW-IAM-01", FAIL, people.admins(1, factors=("token:software:totp",)), ANN, "no active factor"),
    Changed("CW-IAM-02", PASS, sign_on.app_rule("2FA"), CATCH_ALL, "asks for two factors"),
    Changed("CW-IAM-02", WARNING, sign_on.app_rule("1FA", sign_on.IN_OFFICE), CATCH_ALL, "within a network zone"),
    Changed("CW-IAM-02", FAIL, sign_on.app_rule("1FA"), CATCH_ALL, "asks for one factor"),
    Changed("CW-IAM-02", NOTHING, sign_on.app_rule("1FA", status="INACTIVE")),
    Changed("CW-IAM-02", UNASSESSED, sign_on.classic),
    Changed("CW-IAM-03", FAIL, sign_on.authenticators("okta_password", "okta_email"), ORGANIZATION, "no active factor"),
    Changed("CW-IAM-04", PASS, sign_on.passwords(14, 10), sign_on.PASSWORDS, "14 characters, locked after 10"),
    Changed("CW-IAM-04", PASS, sign_on.idle(60), SESSIONS, "after 60 idle minutes"),
    Changed("CW-IAM-04", NOTHING, sign_on.passwords(status="INACTIVE")),
    Changed(
        "CW-IAM-04",
        FAIL,
        sign_on.classic_with_weak_passwords,
        sign_on.PASSWORDS,
        "8 characters, locked after no number of",
    ),
    Changed("CW-IAM-04", UNASSESSED, sign_on.without_policies),
    Changed("CW-VUL-04", PASS, sign_on.devices(named=True), DEVICES, "Laptops for MACOS"),
    Changed("CW-VUL-04", WARNING, sign_on.devices(named=False), DEVICES, "named by no rule"),
    Changed("CW-VUL-04", FAIL, nothing, "device assurance", "no policy"),
    Changed("CW-VUL-04", UNASSESSED, sign_on.without_devices),
)
ACCESS = (
    Changed("CW-IAM-05", PASS, people.token(200, 1, sign_on.IN_OFFICE["network"]), TOKEN, "bound to a network zone"),
    Changed("CW-IAM-05", WARNING, people.token(200, 1), TOKEN, "from anywhere"),
    Changed("CW-IAM-05", NOTHING, nothing),
    Changed("CW-IAM-06", PASS, people.last_came(59), ANN, "not used for 59 days"),
    Changed("CW-IAM-06", WARNING, people.last_came(75), ANN, "not used for 75 days"),
    Changed("CW-IAM-06", NOTHING, people.newcomer),
    Changed("CW-IAM-07", PASS, people.admins(2), ORGANIZATION, "2 super administrators"),
    Changed("CW-IAM-07", WARNING, people.admins(5), ORGANIZATION, "5 super administrators"),
    Changed("CW-IAM-07", FAIL, people.admins(6), ORGANIZATION, "6 super administrators"),
    Changed("CW-IAM-09", PASS, people.deactivated("DEPROVISIONED"), ANN, "is deprovisioned"),
    Changed("CW-IAM-09", FAIL, people.deactivated("ACTIVE"), ANN, "and is active"),
    Changed(
        "CW-IAM-10",
        PASS,
        people.app(people=(ANN,)),
        f"{APP}/{ANN}",
        "confirmed",
        beside=people.reviewed(AccessDecision.KEEP.value),
    ),
    Changed(
        "CW-IAM-10",
        WARNING,
        people.app(people=(ANN, BEN)),
        f"{APP}/{BEN}",
        "missed by the review",
        beside=people.reviewed(AccessDecision.KEEP.value),
    ),
    Changed(
        "CW-IAM-10", FAIL, people.app(people=(ANN,)), f"{APP}/{ANN}", "still assigned", beside=people.reviewed(REVOKE)
    ),
    Changed("CW-IAM-10", ERROR, people.app_whose_people_are_refused, beside=people.reviewed(REVOKE)),
)
WATCH = (
    Changed("CW-LOG-01", WARNING, nothing, ORGANIZATION, "read 60 minutes ago", later=timedelta(hours=1)),
    Changed("CW-LOG-01", FAIL, nothing, ORGANIZATION, "read 180 minutes ago", later=timedelta(hours=3)),
    Changed("CW-LOG-04", WARNING, sign_on.threats("audit"), "ThreatInsight", "audit"),
    Changed("CW-LOG-04", WARNING, sign_on.behavior("INACTIVE"), "abc1", "New city is not watched"),
)
CHANGES = (*GOVERNANCE, *SIGN_ON, *ACCESS, *WATCH)
