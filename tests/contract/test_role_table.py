"""The page about people and roles holds the table that is enforced."""

from auth.permission import DESCRIPTIONS, NOT_IN_CUSTOM_ROLES, PERMISSIONS_OF, PROVIDER_ONLY, Permission
from documents import Role
from tests.contract.sources import ROOT

PAGE = ROOT / "docs/guides/people-and-roles.md"
ROLES = (Role.CLIENT_VIEWER, Role.AUDITOR, Role.USER, Role.ADMIN, Role.MSP_ADMIN)


def role_table() -> str:
    """A row for each permission: what it allows, the roles that hold it, whether a custom role can."""
    heads = ["permission", "what it allows", *(f"`{role.value}`" for role in ROLES), "custom"]
    rows = [f"| {' | '.join(heads)} |", "| --- | --- |" + " :---: |" * (len(ROLES) + 1)]
    for permission in Permission:
        marks = ["yes" if permission in PERMISSIONS_OF[role] else "·" for role in ROLES]
        cells = [f"`{permission.value}`", DESCRIPTIONS[permission], *marks, _custom(permission)]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _custom(permission: Permission) -> str:
    if permission in NOT_IN_CUSTOM_ROLES:
        return "·"
    return "of a provider" if permission in PROVIDER_ONLY else "yes"


def test_the_table_of_roles_is_the_one_that_is_enforced() -> None:
    table = role_table()

    assert table in PAGE.read_text(), f"docs/guides/people-and-roles.md should hold:\n{table}"
