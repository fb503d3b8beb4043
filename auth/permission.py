"""What each role may do. The table is the whole truth; resolvers only name a permission."""

from enum import StrEnum

from documents.user import Role


class Permission(StrEnum):
    ORGANIZATIONS_READ = "organizations:read"
    ORGANIZATIONS_CREATE = "organizations:create"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_CONNECT = "accounts:connect"
    SYNCS_RUN = "syncs:run"
    RESOURCES_READ = "resources:read"
    COSTS_READ = "costs:read"
    BUDGETS_WRITE = "budgets:write"
    FINDINGS_READ = "findings:read"
    ALERTS_READ = "alerts:read"
    ALERTS_ACKNOWLEDGE = "alerts:acknowledge"


_READ = frozenset(permission for permission in Permission if permission.value.endswith(":read"))
_ADMIN = frozenset(Permission) - {Permission.ORGANIZATIONS_CREATE}

PERMISSIONS_OF: dict[Role, frozenset[Permission]] = {
    Role.CLIENT_VIEWER: _READ,
    Role.USER: _READ | {Permission.ALERTS_ACKNOWLEDGE},
    Role.ADMIN: _ADMIN,
    Role.MSP_ADMIN: frozenset(Permission),
}
