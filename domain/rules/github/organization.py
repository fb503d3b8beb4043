"""What an organization lets its members do."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

MEMBERSHIP = "/orgs/{org}/memberships/{username}"
TOO_MUCH = frozenset({"write", "admin"})


def lacks_second_factor(organization: Resource, _: RuleContext) -> Observation | None:
    """Fires when the organization does not ask for a second factor, or when members have none."""
    is_asked = _settings(organization).get("two_factor_requirement_enabled")
    without = organization.config.get("members_without_2fa") or []
    if is_asked is not False and not without:
        return None
    why = f"has {len(without)} members without a second factor" if without else "asks nobody for a second factor"
    return Observation(
        reason=f"Organization {organization.name} {why}.",
        observed={"two_factor_requirement_enabled": is_asked, "members_without_2fa": without},
    )


def remove_without(organization: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Each member without a second factor leaves; undone by an invitation.

    Raises NoPlan while the organization asks for none, which no call can change, and where no owner would be left.
    """
    name, without = organization.name, organization.config.get("members_without_2fa") or []
    if _settings(organization).get("two_factor_requirement_enabled") is not True:
        raise NoPlan(f"Only in the settings of {name} on GitHub itself can a second factor be asked of everybody.")
    roles = {one.name: one.config.get("role", "member") for one in context.every(ResourceKind.GITHUB_MEMBER)}
    if not {login for login, role in roles.items() if role == "admin"} - set(without):
        raise NoPlan(f"No owner of {name} would be left, as none that is known has a second factor.")
    return tuple(
        Step(
            name=f"remove-{number}",
            says=f"Remove {login} from {name}, with the teams and private forks they have there.",
            call=Call(operation=f"DELETE {MEMBERSHIP}", arguments={"username": login}),
            gone=("404",),
            undo=(
                Step(
                    name=f"invite-{number}",
                    says=f"Invite {login} into {name} again.",
                    call=Call(
                        operation=f"PUT {MEMBERSHIP}",
                        arguments={"username": login, "role": roles.get(login, "member")},
                    ),
                ),
            ),
        )
        for number, login in enumerate(without)
    )


def gives_too_much(organization: Resource, _: RuleContext) -> Observation | None:
    """Fires when each member may write to every repository."""
    given = _settings(organization).get("default_repository_permission")
    if given not in TOO_MUCH:
        return None
    return Observation(
        reason=f"Each member of {organization.name} has the right {given} on every repository.",
        observed={"default_repository_permission": given},
    )


def give_read(organization: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Reading for each member; more only by teams and by name."""

    def giving(name: str, right: str) -> Step:
        arguments = {"default_repository_permission": right}
        says = f"Give each member of {organization.name} the right {right} on every repository, and no more."
        return Step(name=name, says=says, call=Call(operation="PATCH /orgs/{org}", arguments=arguments))

    back = giving("back", _settings(organization)["default_repository_permission"])
    return (giving("lower", "read").model_copy(update={"undo": (back,)}),)


def _settings(organization: Resource) -> dict[str, Any]:
    """What only owners are shown."""
    return organization.config.get("owner_settings") or {}


def _organization(*without: str, is_asked: bool | None = True, right: str = "read", **config: Any) -> Resource:
    settings = {"two_factor_requirement_enabled": is_asked, "default_repository_permission": right}
    plain = {"owner_settings": settings, "members_without_2fa": list(without)}
    return Resource(kind=ResourceKind.GITHUB_ORGANIZATION, native_id="1", name="octo-org", config={**plain, **config})


def _member(login: str, role: str = "member") -> Resource:
    return Resource(
        kind=ResourceKind.GITHUB_MEMBER, native_id=f"user/{login}", name=login, config={"login": login, "role": role}
    )


OWNER = _member("ann", "admin")

ORG_2FA = Rule(
    id="github-org-2fa",
    title="Members have no second factor",
    description="A stolen password is enough to get in. A second factor stops that.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.GITHUB_ORGANIZATION,
    permissions=("members=read", "organization_administration=read"),
    source="GitHub REST API, two_factor_requirement_enabled and members with the filter 2fa_disabled",
    blind_spots="How strong a second factor is, is not told. Where single sign-on asks for one, GitHub may not know.",
    needs=("owner_settings", "members_without_2fa"),
    also_reads=(ResourceKind.GITHUB_MEMBER,),
    check=lacks_second_factor,
    group="mfa",
    remedy=Remedy(
        says="Removes members without a second factor, once the organization asks for one.",
        plan=remove_without,
        reversible=Reversible.PARTLY,
        loses="Who was removed has to accept an invitation; private forks are gone, and teams may have to be joined.",
        permissions=("members=write",),
    ),
    examples=(
        fires(_organization("bob", "guest"), OWNER, _member("bob")),
        fires(_organization("ann"), OWNER, _member("bob")),
        fires(_organization(is_asked=False)),
        quiet(_organization()),
        quiet(_organization(is_asked=None)),
    ),
)

ORG_DEFAULT_PERMISSION = Rule(
    id="github-org-default-permission",
    title="Each member may write to every repository",
    description="One stolen account of any member then changes everything.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.GITHUB_ORGANIZATION,
    permissions=("organization_administration=read",),
    source="GitHub REST API, default_repository_permission of an organization",
    blind_spots="What teams and repositories give by name is not looked at.",
    needs=("owner_settings",),
    check=gives_too_much,
    group="identity",
    remedy=Remedy(
        says="Gives members the right to read, and no more.",
        plan=give_read,
        reversible=Reversible.YES,
        permissions=("organization_administration=write",),
    ),
    examples=(
        fires(_organization(right="write")),
        fires(_organization(right="admin")),
        quiet(_organization()),
        quiet(_organization(right="none")),
    ),
)
