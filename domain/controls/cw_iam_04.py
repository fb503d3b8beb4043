"""Passwords, lockout and session rules."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.compliance.answers import Call
from domain.compliance.conditional_access import covers_admins, is_enforced, policies
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

POLICIES, RULES = "GET /api/v1/policies", "GET /api/v1/policies/{policyId}/rules"
# Below this a password is guessed, whatever else is asked. Source: PCI DSS 4.0 requirement 8.3.6.
SHORTEST = 12


def _aws(case: Case) -> Iterator[Item]:
    answer, account = case.answers.answer("iam.get_account_password_policy"), case.answers.account
    length, history = case.parameters["min_length"], case.parameters["history"]
    expected = f"{length} characters, none of the last {history} passwords"
    if answer is None:
        yield failed(account, "no password policy", expected)
        return
    policy = answer["PasswordPolicy"]
    # Absent where passwords may be used again: IAM GetAccountPasswordPolicy.
    asked, kept = policy["MinimumPasswordLength"], policy.get("PasswordReusePrevention", 0)
    observed = f"{asked} characters, none of the last {kept} passwords"
    if asked < SHORTEST:
        yield failed(account, observed, expected)
    elif asked < length or kept < history:
        yield warned(account, observed, expected)
    else:
        yield passed(account, observed)


def _okta(case: Case) -> Iterator[Item]:
    """The classic engine has no policies for apps, which are asked for by the same call; these it has."""
    for policy in _active(case.answers.offered(POLICIES, type="PASSWORD")):
        yield _password_policy(policy, case.parameters)
    for policy in _active(case.answers.offered(POLICIES, type="OKTA_SIGN_ON")):
        for rule in _active(case.answers.offered(RULES, policyId=policy["id"])):
            if rule["actions"]["signon"]["access"] == "ALLOW":
                yield _session_rule(rule, case.parameters["idle_minutes"])


def _active(calls: Iterable[Call]) -> Iterator[Any]:
    return (one for call in calls for page in call.pages for one in page if one["status"] == "ACTIVE")


def _password_policy(policy: Any, wanted: Mapping[str, Any]) -> Item:
    rules = policy["settings"]["password"]
    length, attempts = rules["complexity"]["minLength"], rules["lockout"]["maxAttempts"]
    observed = f"{policy['name']}: {length} characters, locked after {attempts or 'no number of'} attempts"
    expected = f"{wanted['min_length']} characters, locked after {wanted['lockout_attempts']} attempts"
    if attempts == 0 or length < SHORTEST:
        return failed(policy["id"], observed, expected)
    if length < wanted["min_length"] or attempts > wanted["lockout_attempts"]:
        return warned(policy["id"], observed, expected)
    return passed(policy["id"], observed)


def _session_rule(rule: Any, most: int) -> Item:
    """0 minutes is without an end."""
    idle = rule["actions"]["signon"]["session"]["maxSessionIdleMinutes"]
    observed = f"{rule['name']}: a session ends after {idle or 'no number of'} idle minutes"
    if 0 < idle <= most:
        return passed(rule["id"], observed)
    return warned(rule["id"], observed, f"after {most} idle minutes")


def _azure(case: Case) -> Iterator[Item]:
    """Without a plan that has conditional access neither can be set."""
    covering = [one for one in policies(case.answers) if is_enforced(one) and covers_admins(one)]
    # Null and absent are documented as not configured.
    controls = [one.get("sessionControls") or {} for one in covering]
    asks_again = any((one.get("signInFrequency") or {}).get("isEnabled") for one in controls)
    forgets = any(_forgets(one.get("persistentBrowser") or {}) for one in controls)
    again, forgotten = "how often administrators sign in", "that their browsers forget them"
    expected = f"{again}, and {forgotten}"
    if asks_again and forgets:
        yield passed(case.answers.account, f"policies set {expected}")
    elif asks_again or forgets:
        yield warned(case.answers.account, f"policies only set {again if asks_again else forgotten}", expected)
    else:
        yield failed(case.answers.account, f"no policy sets {again}, nor {forgotten}", expected)


def _forgets(browser: Any) -> bool:
    return bool(browser.get("isEnabled")) and browser.get("mode") == "never"


CONTROL = Control(
    id="CW-IAM-04",
    name="Passwords, lockout and session rules",
    category="identity",
    severity=Severity.MEDIUM,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.1",),
    objective="Guessing is slow, reuse is refused, and an idle session ends.",
    owner_role="security",
    parameters={"min_length": 14, "history": 24, "lockout_attempts": 10, "idle_minutes": 60, "pci_idle_minutes": 15},
    remediations=("aws.iam.set_password_policy",),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=("iam.get_account_password_policy",),
            passes=(
                "Passwords have at least min_length characters, and none of the last history passwords may be used "
                "again."
            ),
            warns=("Passwords have at least 12 characters but fewer than min_length, or may be used again sooner."),
            fails="There is no password policy, or passwords may have fewer than 12 characters.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.OKTA,
            scope="organization",
            operations=(
                "GET /api/v1/policies",
                "GET /api/v1/policies/{policyId}/rules",
            ),
            passes=(
                "Passwords have at least min_length characters, lockout_attempts failures lock an account, and a "
                "session ends after idle_minutes."
            ),
            warns=(
                "A session may idle for longer than idle_minutes, or a password is shorter or tried more often than "
                "asked."
            ),
            fails="Failures never lock an account, or passwords may have fewer than 12 characters.",
            judge=_okta,
            version=2,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="organization",
            operations=("GRAPH GET /v1.0/identity/conditionalAccess/policies",),
            passes=(
                "Enforced policies set how often administrators sign in, and that their browsers never stay signed in."
            ),
            warns="Only one of the two is set.",
            fails="Neither is set.",
            judge=_azure,
        ),
    ),
)
