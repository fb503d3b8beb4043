"""What CloudWatcher stores: one file per collection with its fields, indexes, queries and state changes."""

from documents.account import Account, AccountState
from documents.alert import Alert, AlertSource, AlertState
from documents.audit import AuditEntry
from documents.audit_chain import AuditHead
from documents.audit_export import AuditExport
from documents.audit_segment import AuditSegment
from documents.base import TenantDocument
from documents.budget import Budget
from documents.client_access import ClientAccess
from documents.cost_day import CostDay
from documents.cost_line import CostLine
from documents.cost_load import CostLoad, CostLoadState
from documents.cost_period import CostPeriod
from documents.custom_role import CustomRole
from documents.event import Event, EventCounter
from documents.finding import Finding
from documents.invitation import Invitation
from documents.organization import Organization, OrganizationKind
from documents.provider_visit import ProviderVisit
from documents.resource import Resource
from documents.session import AuthMethod, RefreshToken, Session, SessionEnd
from documents.sync_run import SyncRun, SyncState
from documents.user import Membership, Role, User

__all__ = [
    "Account",
    "AccountState",
    "Alert",
    "AlertSource",
    "AlertState",
    "AuditEntry",
    "AuditExport",
    "AuditHead",
    "AuditSegment",
    "AuthMethod",
    "Budget",
    "ClientAccess",
    "CostDay",
    "CostLine",
    "CostLoad",
    "CostLoadState",
    "CostPeriod",
    "CustomRole",
    "Event",
    "EventCounter",
    "Finding",
    "Invitation",
    "Membership",
    "Organization",
    "OrganizationKind",
    "ProviderVisit",
    "RefreshToken",
    "Resource",
    "Role",
    "Session",
    "SessionEnd",
    "SyncRun",
    "SyncState",
    "TenantDocument",
    "User",
]
