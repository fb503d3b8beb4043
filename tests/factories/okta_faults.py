"""One fault for each rule about Okta, made in the stand-in with state."""

from typing import Any

from tests.factories.served_fault import ServedFault
from tests.fakes.okta_cloud import OktaCloud, stamp
from tests.fakes.trying import settled

REPORT = "user.account.report_suspicious_activity_by_enduser"


class Fault(ServedFault[OktaCloud]):
    """A fault in an organization of Okta."""


def told_alike(value: Any) -> Any:
    """What is told as null is as good as missing."""
    if isinstance(value, dict):
        return {key: told_alike(inner) for key, inner in settled(value).items() if inner is not None}
    return [told_alike(inner) for inner in value] if isinstance(value, list) else value


def no_factor(cloud: OktaCloud) -> str:
    return cloud.add_policy("mfa-enroll-policy-response")


def weak_passwords(cloud: OktaCloud) -> str:
    """Passwords of eight letters that may be tried without end."""
    conditions = {"people": {"groups": {"include": ["00g1"]}}, "authProvider": {"provider": "OKTA"}}
    return cloud.add_policy("password-policy-response", conditions=conditions)


def sign_on_rule(cloud: OktaCloud) -> dict[str, Any]:
    """One factor, twelve hours of rest, and no end."""
    rule: dict[str, Any] = cloud.described.example("sign-on-policy-rule-response")
    return rule


def one_factor(cloud: OktaCloud) -> str:
    rule = sign_on_rule(cloud)
    cloud.add_policy("create-okta-sign-on-policy-response", rule)
    return str(rule["id"])


def one_factor_for_an_app(cloud: OktaCloud) -> str:
    (rule,) = cloud.described.example("list-all-access-policy-rule-response")
    cloud.add_policy("create-access-policy-response", rule)
    return str(rule["id"])


def absent_user(cloud: OktaCloud) -> str:
    cloud.tokens["00T1"] = {"id": "00T1", "name": "ci", "userId": "00u2", "lastUpdated": stamp(1)}
    return cloud.add_user("00u1", lastLogin=stamp(91))


def five_super_admins(cloud: OktaCloud) -> str:
    for number in range(1, 6):
        cloud.add_role(cloud.add_user(f"00u{number}"), days=100 - number)
    cloud.add_role("00u5", days=2, type="HELP_DESK_ADMIN", label="Help Desk Administrator")
    return "00u5"


def by_type(state: dict[str, Any]) -> Any:
    """A role that is given again has another id and its own age."""
    roles = sorted(role["type"] for role in state["config"]["roles"])
    return {**settled(state), "config": {**settled(state["config"]), "roles": roles}}


def unused_token(cloud: OktaCloud) -> str:
    (token, *_) = cloud.described.example("ApiTokenListMetadataResponse")
    cloud.tokens[token["id"]] = token
    return str(token["id"])


def reported_user(cloud: OktaCloud) -> str:
    native_id = cloud.add_user("00u1")
    cloud.add_user("00u2")
    person = {"id": native_id, "type": "User", "alternateId": "00u1@example.com"}
    about = {"uuid": "event-1", "eventType": REPORT, "published": stamp(1)}
    elsewhere = {"id": "app-1", "type": "AppInstance"}
    cloud.log = [
        {**about, "actor": person, "target": [person, elsewhere]},
        {**about, "uuid": "event-2", "eventType": "user.lifecycle.deactivate", "actor": person, "target": None},
    ]
    return native_id


def has_a_letter(cloud: OktaCloud, _: dict[str, Any]) -> bool:
    """One letter to set a new password; sessions stay ended, and nobody else is touched."""
    is_his = cloud.users["00u1"]["status"] == "RECOVERY" and cloud.letters == {"00u1": 1}
    return is_his and cloud.sessions == {"00u1": 0, "00u2": 2}


FAULTS = (
    Fault(rule_id="okta-mfa-enroll", make=no_factor),
    Fault(rule_id="okta-signon-mfa", make=one_factor),
    Fault(rule_id="okta-signon-mfa", name="for-an-app", make=one_factor_for_an_app, compared=told_alike),
    Fault(rule_id="okta-password-policy", make=weak_passwords, compared=told_alike),
    Fault(rule_id="okta-session-lifetime", make=one_factor),
    Fault(rule_id="okta-user-inactive", make=absent_user),
    Fault(rule_id="okta-admin-sprawl", make=five_super_admins, compared=by_type),
    Fault(rule_id="okta-api-token-unused", make=unused_token),
    Fault(rule_id="okta-compromised-user", make=reported_user, is_back=has_a_letter),
)
