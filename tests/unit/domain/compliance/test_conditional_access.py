"""Entra's conditional access policies, as controls read them."""

from typing import Any

import pytest

from domain.compliance.answers import Unread
from domain.compliance.conditional_access import (
    covers_admins,
    covers_everyone,
    demands_resistance,
    demands_second_factor,
    is_enforced,
    policies,
)
from domain.facts.compliance import Integration
from tests.factories.answers import answers
from tests.factories.entra import ACCESS, GLOBAL_ADMINISTRATOR, access_policy

ONE_APP = {"includeApplications": ["0000-mail"]}
PORTALS = {"includeApplications": ["MicrosoftAdminPortals"]}
ADMINS = {"includeUsers": ["None"], "includeRoles": [GLOBAL_ADMINISTRATOR]}


def test_without_the_plan_there_are_no_policies() -> None:
    assert policies(answers(Integration.AZURE, (ACCESS, {"value": [1]}))) == [1]
    assert policies(answers(Integration.AZURE, off=[ACCESS])) == []
    with pytest.raises(Unread):
        policies(answers(Integration.AZURE, unread=[ACCESS]))


@pytest.mark.parametrize(
    ("state", "expected"), [("enabled", True), ("disabled", False), ("enabledForReportingButNotEnforced", False)]
)
def test_only_an_enabled_policy_is_enforced(state: str, expected: bool) -> None:
    assert is_enforced(access_policy("p", state=state)) is expected


@pytest.mark.parametrize(
    ("policy", "everyone", "admins"),
    [
        (access_policy("p"), True, True),
        (access_policy("p", users={"includeUsers": ["All"]}), True, True),
        (access_policy("p", users=ADMINS), False, True),
        (access_policy("p", users={"includeUsers": ["ann"], "includeRoles": ["another"]}), False, False),
        (access_policy("p", users={"includeUsers": ["All"], "excludeRoles": [GLOBAL_ADMINISTRATOR]}), True, False),
        (access_policy("p", applications=ONE_APP), False, False),
        (access_policy("p", applications=PORTALS), False, True),
        (access_policy("p", signInRiskLevels=["high"]), False, False),
        (access_policy("p", userRiskLevels=["high"]), False, False),
        (access_policy("p", signInRiskLevels=None), True, True),
    ],
)
def test_a_policy_covers_those_it_always_holds_for(policy: Any, everyone: bool, admins: bool) -> None:
    assert (covers_everyone(policy), covers_admins(policy)) == (everyone, admins)


def grant(operator: str, *controls: str, **more: Any) -> dict[str, Any]:
    return {"operator": operator, "builtInControls": list(controls), **more}


RESISTANT = {"authenticationStrength": {"allowedCombinations": ["fido2", "x509CertificateMultiFactor"]}}
MIXED = {"authenticationStrength": {"allowedCombinations": ["fido2", "password,sms"]}}


@pytest.mark.parametrize(
    ("granted", "second", "resistant"),
    [
        (grant("OR", "mfa"), True, False),
        (grant("OR", "mfa", "compliantDevice"), False, False),
        (grant("AND", "mfa", "compliantDevice"), True, False),
        (grant("AND", "compliantDevice"), False, False),
        (grant("OR", "mfa", termsOfUse=["t"]), False, False),
        (grant("OR", "mfa", customAuthenticationFactors=["c"]), False, False),
        (grant("OR", **RESISTANT), True, True),
        (grant("OR", **MIXED), True, False),
        (grant("OR", "mfa", **RESISTANT), True, False),
        (grant("AND", "mfa", **RESISTANT), True, True),
        (grant("OR", "block"), False, False),
        (grant("OR"), False, False),
    ],
)
def test_a_policy_demands_what_there_is_no_way_around(granted: Any, second: bool, resistant: bool) -> None:
    policy = access_policy("p", grant=granted)

    assert (demands_second_factor(policy), demands_resistance(policy)) == (second, resistant)


def test_a_policy_of_sessions_demands_nothing() -> None:
    assert not demands_second_factor({**access_policy("p"), "grantControls": None})
