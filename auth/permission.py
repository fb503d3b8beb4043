"""What each role may do. The table is the whole truth; resolvers only name a permission."""

from collections.abc import Iterable
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
    COSTS_MANAGE = "costs:manage"
    BUDGETS_WRITE = "budgets:write"
    FINDINGS_READ = "findings:read"
    REMEDIATIONS_READ = "remediations:read"
    REMEDIATIONS_PLAN = "remediations:plan"
    REMEDIATIONS_APPROVE = "remediations:approve"
    REMEDIATIONS_MANAGE = "remediations:manage"
    FINDINGS_MANAGE = "findings:manage"
    COMPLIANCE_READ = "compliance:read"
    COMPLIANCE_MANAGE = "compliance:manage"
    EVIDENCE_READ = "evidence:read"
    ALERTS_READ = "alerts:read"
    ALERTS_ACKNOWLEDGE = "alerts:acknowledge"
    CHANNELS_READ = "channels:read"
    CHANNELS_MANAGE = "channels:manage"
    # To ask for the schema in production; for those who develop against the graph.
    GRAPH_INTROSPECT = "graph:introspect"


P = Permission
# What one sees of the clouds, without who else is there and what they did.
_WATCH = frozenset(
    {
        P.ORGANIZATIONS_READ,
        P.ACCOUNTS_READ,
        P.RESOURCES_READ,
        P.COSTS_READ,
        P.FINDINGS_READ,
        P.REMEDIATIONS_READ,
        P.COMPLIANCE_READ,
        P.ALERTS_READ,
    }
)
# What an auditor sees for a time: what is judged and what that rests on. No costs, no people, and nothing to change.
_AUDIT = frozenset(
    {
        P.ORGANIZATIONS_READ,
        P.AUDIT_READ,
        P.ACCOUNTS_READ,
        P.RESOURCES_READ,
        P.COMPLIANCE_READ,
        P.EVIDENCE_READ,
    }
)
# Only a provider has clients; nothing of this is seen or done in a client.
PROVIDER_ONLY = frozenset({P.ORGANIZATIONS_CREATE, P.CLIENTS_READ, P.CLIENTS_ENTER})

PERMISSIONS_OF: dict[Role, frozenset[Permission]] = {
    Role.CLIENT_VIEWER: _WATCH,
    Role.AUDITOR: _AUDIT,
    Role.USER: _WATCH | {P.MEMBERS_READ, P.ALERTS_ACKNOWLEDGE, P.CHANNELS_READ, P.REMEDIATIONS_PLAN},
    Role.ADMIN: frozenset(Permission) - PROVIDER_ONLY,
    Role.MSP_ADMIN: frozenset(Permission),
}

# What a service account may be given. To decide who may do what, to have something changed in a cloud, and to enter a
# client, stays with people. A directory
# provisions people with a permission of its own: with identity:manage its key could change how people sign in, too.
FOR_MACHINES = frozenset(Permission) - {
    P.CLIENTS_ENTER,
    P.IDENTITY_MANAGE,
    P.MACHINES_MANAGE,
    P.MEMBERS_MANAGE,
    P.ORGANIZATIONS_MANAGE,
    P.REMEDIATIONS_APPROVE,
    P.REMEDIATIONS_MANAGE,
    P.REMEDIATIONS_PLAN,
    P.ROLES_MANAGE,
}
# What entering means is bound to the role: whoever enters works as an administrator there.
NOT_IN_CUSTOM_ROLES = frozenset({P.CLIENTS_ENTER})

DESCRIPTIONS: dict[Permission, str] = {
    P.ORGANIZATIONS_READ: "See the organization itself.",
    P.ORGANIZATIONS_CREATE: "Open client companies under a provider.",
    P.ORGANIZATIONS_MANAGE: "Rename the organization, change its settings, end everybody's sessions in it, delete it.",
    P.MEMBERS_READ: "See who belongs to the organization, their roles, and what each role may do.",
    P.MEMBERS_MANAGE: "Invite people, change their roles, deactivate and remove them.",
    P.ROLES_MANAGE: "Make, change and delete roles of the organization's own.",
    P.IDENTITY_MANAGE: "Set up sign-in with an identity provider, provisioning of people, and domains.",
    P.MACHINES_READ: "See service accounts and API keys, never the keys themselves.",
    P.MACHINES_MANAGE: "Make, rotate and revoke service accounts and API keys.",
    P.AUDIT_READ: "Read the audit log, and who of the provider worked here.",
    P.AUDIT_EXPORT: "Take copies of the audit log out, with their proof.",
    P.CLIENTS_READ: "See a provider's clients by name, and who of the provider works where.",
    P.CLIENTS_ENTER: "Work in clients as an administrator, for a reason, for a time, and on record.",
    P.ACCOUNTS_READ: "See connected cloud accounts and their health, never their credentials.",
    P.ACCOUNTS_CONNECT: "Connect and disconnect cloud accounts.",
    P.SYNCS_RUN: "Ask for a sync of an account.",
    P.RESOURCES_READ: "See the inventory of resources.",
    P.COSTS_READ: "See costs, billed rows, budgets, forecasts and anomalies, and take copies of costs out.",
    P.COSTS_MANAGE: "Set up where bills come from, rates, business metrics, allocation, known events and statements.",
    P.BUDGETS_WRITE: "Set budgets.",
    P.FINDINGS_READ: "See findings.",
    P.REMEDIATIONS_READ: "See remediations: plans, approvals, calls that were made, and what was saved.",
    P.REMEDIATIONS_PLAN: "Have it worked out what would mend a finding, and cancel that; nothing is changed by it.",
    P.REMEDIATIONS_APPROVE: "Approve what others have planned, which is then done, and have it taken back.",
    P.REMEDIATIONS_MANAGE: "Say what may run and when, give credentials that may act, and stop everything.",
    P.FINDINGS_MANAGE: "Suppress findings for a time; set the parameters of rules, and switch rules off.",
    P.COMPLIANCE_READ: "See controls, how they were judged, frameworks, scores, exceptions and the registers.",
    P.COMPLIANCE_MANAGE: "Have controls judged; set exceptions, owners, attestations, registers and own frameworks.",
    P.EVIDENCE_READ: "See the raw answers that checks have judged, verify them, and take audit packs out.",
    P.ALERTS_READ: "See alerts and follow them live.",
    P.ALERTS_ACKNOWLEDGE: "Take alerts on, put them away, assign them, comment; split and merge incidents.",
    P.CHANNELS_READ: "See channels, who is told of what, and what became of each message; never their secrets.",
    P.CHANNELS_MANAGE: "Set up channels, rules of who is told of what, quiet times, tickets and event endpoints.",
    P.SCIM_PROVISION: "Let a directory make, change and remove people; for keys of directories alone.",
    P.GRAPH_INTROSPECT: "Ask for the schema in production, to develop against the graph.",
}


def known_permissions(names: Iterable[str]) -> frozenset[Permission]:
    """Those of these stored names that still are permissions: what an older version knew gives nothing."""
    return frozenset(Permission(name) for name in names if name in _NAMES)


_NAMES = frozenset(permission.value for permission in Permission)
