"""What each role may do. The table is the whole truth; resolvers only name a permission."""

from enum import StrEnum

from documents.user import Role


class Permission(StrEnum):
    ORGANIZATIONS_READ = "organizations:read"
    ORGANIZATIONS_CREATE = "organizations:create"
    ORGANIZATIONS_MANAGE = "organizations:manage"
    MEMBERS_READ = "members:read"
    MEMBERS_MANAGE = "members:manage"
    ROLES_MANAGE = "roles:manage"
    IDENTITY_MANAGE = "identity:manage"
    MACHINES_READ = "machines:read"
    MACHINES_MANAGE = "machines:manage"
    SCIM_PROVISION = "scim:provision"
    AUDIT_READ = "audit:read"
    AUDIT_EXPORT = "audit:export"
    CLIENTS_READ = "clients:read"
    CLIENTS_ENTER = "clients:enter"
    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_CONNECT = "accounts:connect"
    SYNCS_RUN = "syncs:run"
    RESOURCES_READ = "resources:read"
    COSTS_READ = "costs:read"
    BUDGETS_WRITE = "budgets:write"
    FINDINGS_READ = "findings:read"
    ALERTS_READ = "alerts:read"
    ALERTS_ACKNOWLEDGE = "alerts:acknowledge"
    # To ask for the schema in production; for those who develop against the graph.
    GRAPH_INTROSPECT = "graph:introspect"


P = Permission
# What one sees of the clouds, without who else is there and what they did.
_WATCH = frozenset(
    {P.ORGANIZATIONS_READ, P.ACCOUNTS_READ, P.RESOURCES_READ, P.COSTS_READ, P.FINDINGS_READ, P.ALERTS_READ}
)
# Only a provider has clients; nothing of this is seen or done in a client.
PROVIDER_ONLY = frozenset({P.ORGANIZATIONS_CREATE, P.CLIENTS_READ, P.CLIENTS_ENTER})

PERMISSIONS_OF: dict[Role, frozenset[Permission]] = {
    Role.CLIENT_VIEWER: _WATCH,
    Role.USER: _WATCH | {P.MEMBERS_READ, P.ALERTS_ACKNOWLEDGE},
    Role.ADMIN: frozenset(Permission) - PROVIDER_ONLY,
    Role.MSP_ADMIN: frozenset(Permission),
}

# What a service account may be given. To decide who may do what, and to enter a client, stays with people. A directory
# provisions people with a permission of its own: with identity:manage its key could change how people sign in, too.
FOR_MACHINES = frozenset(Permission) - {
    P.CLIENTS_ENTER,
    P.IDENTITY_MANAGE,
    P.MACHINES_MANAGE,
    P.MEMBERS_MANAGE,
    P.ORGANIZATIONS_MANAGE,
    P.ROLES_MANAGE,
}
