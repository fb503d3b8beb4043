"""IAM roles that strangers may take on."""

import re
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_policy import (
    ANYONE,
    as_text,
    conditions,
    document_of,
    is_restricted,
    principals,
    statements,
    without_principals,
)
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

# An account, or the account of an ARN of IAM or STS. Source: IAM user guide, "AWS JSON policy elements: Principal".
ACCOUNT = re.compile(r"(?:arn:[\w-]+:(?:iam|sts)::)?(\d{12})(?::.*)?")
# Paths of roles that only AWS itself changes. Source: IAM user guide, "IAM identifiers".
OF_AWS = ("/aws-service-role/", "/aws-reserved/")
# A trust needs a statement. This one lets nobody in.
NOBODY = {"Sid": "NobodyUntilSomebodyIsNamed", "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


def trusts_strangers(role: Resource, context: RuleContext) -> Observation | None:
    """Fires on a trust in everybody without a condition, or in an account outside the organization without an external
    id. Other accounts are told from strangers only where the accounts of the organization could be listed.
    """
    if role.config.get("Path", "/").startswith(OF_AWS):
        return None
    named = sorted({one for statement in _trust(role) for one in _strangers(statement, role, context)})
    if not named:
        return None
    told = "everybody with an AWS account" if ANYONE in named else f"{' and '.join(named)}, outside your organization,"
    return Observation(reason=f"Role {role.name} may be taken on by {told} at any time.", observed={"trusted": named})


def _trust(role: Resource) -> list[dict[str, Any]]:
    return statements(role.config.get("AssumeRolePolicyDocument"))


def _strangers(statement: dict[str, Any], role: Resource, context: RuleContext) -> list[str]:
    """Those of its principals who should not be there."""
    if statement.get("Effect") != "Allow" or is_restricted(statement):
        return []
    found, own = principals(statement), _own_accounts(role, context)
    if any(key == "sts:externalid" for _, key, _ in conditions(statement)):
        return []
    accounts = {one: match[1] for one in found if own is not None and (match := ACCOUNT.fullmatch(one))}
    return [one for one in found if one == ANYONE or (own is not None and accounts.get(one) not in {None, *own})]


def _own_accounts(role: Resource, context: RuleContext) -> set[str] | None:
    """The account of the role and those of its organization; None where these could not be listed."""
    kind = ResourceKind.AWS_ORGANIZATION_ACCOUNT
    if not context.is_listed(kind, None):
        return None
    return {role.native_id.split(":")[4], *(one.native_id for one in context.every(kind))}


def drop_strangers(role: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The trust without them; everybody else it names stays, with their conditions."""
    kept = [_without_strangers(one, role, context) for one in _trust(role)]
    left = [one for one in kept if one is not None]
    former = document_of(role.config["AssumeRolePolicyDocument"])
    wanted = {**former, "Statement": left or [NOBODY]}
    back = _trusting(role, "back", former, f"Let everybody take on role {role.name} who might before.", ())
    told = "which leaves nobody" if not left else f"leaving: {as_text(wanted)}"
    says = f"Take strangers out of the trust of role {role.name}, {told}."
    return (_trusting(role, "trust", wanted, says, (back,)),)


def _without_strangers(statement: dict[str, Any], role: Resource, context: RuleContext) -> dict[str, Any] | None:
    out = _strangers(statement, role, context)
    return without_principals(statement, out.__contains__) if out else statement


def _trusting(role: Resource, name: str, document: dict[str, Any], says: str, undo: tuple[Step, ...]) -> Step:
    arguments = {"RoleName": role.name, "PolicyDocument": as_text(document)}
    return Step(
        name=name, says=says, call=Call(operation="iam.update_assume_role_policy", arguments=arguments), undo=undo
    )


def _role(*trust: dict[str, Any], **config: Any) -> Resource:
    """A role with these statements of trust, for the examples."""
    document = {"Version": "2012-10-17", "Statement": list(trust)}
    arn = "arn:aws:iam::123456789012:role/deploy"
    whole = {"Path": "/", "AssumeRolePolicyDocument": document, **config}
    return Resource(kind=ResourceKind.AWS_IAM_ROLE, native_id=arn, name="deploy", config=whole)


def _let(principal: Any, **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {**statement, "Condition": condition} if condition else statement


def _member(account: str) -> Resource:
    return Resource(kind=ResourceKind.AWS_ORGANIZATION_ACCOUNT, native_id=account, name=account)


_STRANGER = "arn:aws:iam::999999999999:root"
_SERVICE = _let({"Service": "ec2.amazonaws.com"})
_EXTERNAL: dict[str, Any] = {"StringEquals": {"sts:ExternalId": "f00d"}}
_ORGANIZATION: dict[str, Any] = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
TRUST_EXTERNAL = Rule(
    id="aws-iam-role-trust-external",
    title="Role can be taken on by strangers",
    description="A role that trusts everybody, or an account you do not own without an external id, is a way in.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_IAM_ROLE,
    permissions=("iam:ListRoles",),
    source='IAM user guide, "AWS JSON policy elements: Principal", "The confused deputy problem"; MITRE ATT&CK T1199',
    blind_spots="Which accounts are yours is known only in the management account of an organization, or in an account "
    "without one; elsewhere only trust in everybody is found. NotPrincipal and trust in identity providers are not "
    "judged. An account that is trusted on purpose without an external id looks the same: exempt the role.",
    needs=("AssumeRolePolicyDocument",),
    also_reads=(ResourceKind.AWS_ORGANIZATION_ACCOUNT,),
    check=trusts_strangers,
    group="identity",
    remedy=Remedy(
        says="Takes strangers out of the trust, and keeps everybody else.",
        plan=drop_strangers,
        reversible=Reversible.YES,
        permissions=("iam:UpdateAssumeRolePolicy",),
    ),
    examples=(
        fires(_role(_let({"AWS": "*"}), _SERVICE)),
        fires(_role(_let({"AWS": [_STRANGER, "123456789012"]}))),
        fires(_role(_let("*"))),
        fires(_role(_let({"AWS": "*"})), is_listed=lambda *_: False),
        quiet(_role(_let({"AWS": _STRANGER})), is_listed=lambda *_: False),
        quiet(_role(_let({"AWS": _STRANGER})), _member("999999999999")),
        quiet(_role(_let({"AWS": _STRANGER}, **_EXTERNAL))),
        quiet(_role(_let("*", **_ORGANIZATION), _SERVICE)),
        quiet(_role(_let("*"), Path="/aws-service-role/x.amazonaws.com/")),
    ),
)
