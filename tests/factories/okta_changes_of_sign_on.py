"""What is changed in an organization of Okta about how people sign in, and on what."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.fakes.okta_cloud import OktaCloud, stamp

Change = Callable[[OktaCloud], None]
ACCESS_POLICY, CATCH_ALL = "create-access-policy-response", "list-all-access-policy-rule-response"
SIGN_ON_POLICY, SIGN_ON_RULE = "create-okta-sign-on-policy-response", "sign-on-policy-rule-response"
PASSWORD_POLICY, DEVICE_RULE = "password-policy-response", "device-condition-with-oamp-response"
NO_FEATURE = "You do not have permission to access the feature you are requesting"
PASSWORDS = "00p1"
IN_OFFICE = {"network": {"connection": "ZONE", "include": ["nzo1"]}}


def classic(cloud: OktaCloud) -> None:
    """The older engine, which has no policies for apps."""
    cloud.is_classic = True


def classic_with_weak_passwords(cloud: OktaCloud) -> None:
    classic(cloud)
    passwords(8, 0)(cloud)
    idle(60)(cloud)


def app_rule(mode: str = "1FA", conditions: Any = None, status: str = "ACTIVE") -> Change:
    """The policy of an app, whose one rule asks for so many factors."""

    def make(cloud: OktaCloud) -> None:
        (rule,) = deepcopy(cloud.described.example(CATCH_ALL))
        rule["actions"]["appSignOn"]["verificationMethod"]["factorMode"] = mode
        cloud.add_policy(ACCESS_POLICY, {**rule, "conditions": conditions}, status=status)

    return make


def authenticators(*keys: str) -> Change:
    """Of the authenticators in Okta's example those with these keys."""

    def make(cloud: OktaCloud) -> None:
        every = cloud.described.example("AuthenticatorsResponse")
        cloud.listed["authenticators"] = [one for one in every if one["key"] in keys]

    return make


def passwords(length: int = 14, attempts: int = 10, status: str = "ACTIVE") -> Change:
    def make(cloud: OktaCloud) -> None:
        settings = deepcopy(cloud.described.example(PASSWORD_POLICY))["settings"]
        settings["password"]["complexity"]["minLength"] = length
        settings["password"]["lockout"]["maxAttempts"] = attempts
        cloud.add_policy(PASSWORD_POLICY, id=PASSWORDS, settings=settings, status=status)

    return make


def idle(minutes: int) -> Change:
    """A rule by which a session ends after so many minutes of rest."""

    def make(cloud: OktaCloud) -> None:
        rule = deepcopy(cloud.described.example(SIGN_ON_RULE))
        rule["actions"]["signon"]["session"]["maxSessionIdleMinutes"] = minutes
        cloud.add_policy(SIGN_ON_POLICY, rule)

    return make


def devices(*, named: bool) -> Change:
    """A policy for the devices of one platform, and whether a rule asks for it."""

    def make(cloud: OktaCloud) -> None:
        rule = deepcopy(cloud.described.example(DEVICE_RULE))
        (wanted,) = rule["conditions"]["device"]["assurance"]["include"]
        policy = {"id": wanted, "name": "Laptops", "platform": "MACOS", "osVersion": {"minimum": "14.6.0"}}
        times = {"createdDate": stamp(90), "lastUpdate": stamp(9)}
        cloud.listed["device-assurances"] = [{**policy, **times}]
        if named:
            cloud.add_policy(ACCESS_POLICY, rule)

    return make


def without_devices(cloud: OktaCloud) -> None:
    cloud.refuse("/api/v1/device-assurances", 403, "E0000015", NO_FEATURE)


def without_policies(cloud: OktaCloud) -> None:
    cloud.refuse("/api/v1/policies", 403, "E0000015", NO_FEATURE)


def threats(action: str) -> Change:
    def make(cloud: OktaCloud) -> None:
        cloud.threats["action"] = action

    return make


def behavior(status: str) -> Change:
    def make(cloud: OktaCloud) -> None:
        rule = {"id": "abc1", "name": "New city", "type": "ANOMALOUS_LOCATION", "status": status}
        settings = {"maxEventsUsedForEvaluation": 20, "granularity": "CITY"}
        cloud.listed["behaviors"] = [{**rule, "settings": settings, "created": stamp(90), "lastUpdated": stamp(9)}]

    return make
