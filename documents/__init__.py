"""What CloudWatcher stores: one file per collection with its fields, indexes, queries and state changes."""

from documents.access_review import AccessReview
from documents.access_review_item import AccessReviewItem
from documents.account import Account, AccountState
from documents.alert import Alert, AlertCategory, AlertSource, AlertState
from documents.alert_entry import AlertEntry, AlertStep
from documents.allocated_cost import AllocatedCost
from documents.allocation_month import AllocationMonth
from documents.allocation_rules import AllocationRules
from documents.allocation_run import AllocationRun
from documents.allocation_target import AllocationTarget
from documents.anomaly_run import AnomalyRun
from documents.anomaly_settings import AnomalySettings
from documents.api_key import ApiKey
from documents.attestation import Attestation
from documents.audit import AuditEntry
from documents.audit_chain import AuditHead
from documents.audit_export import AuditExport
from documents.audit_pack import AuditPack
from documents.audit_segment import AuditSegment
from documents.base import TenantDocument
from documents.budget import Budget, BudgetRecord
from documents.business_metric import BusinessMetric
from documents.channel import Channel
from documents.check import Check
from documents.check_change import CheckChange
from documents.check_items import CheckItems
from documents.check_round import CheckRound
from documents.client_access import ClientAccess
from documents.commitment import CommitmentTerm
from documents.compliance_settings import ComplianceSettings
from documents.control_exception import ControlException
from documents.control_owner import ControlOwner
from documents.control_state import ControlState
from documents.cost_anomaly import CostAnomaly
from documents.cost_day import CostDay
from documents.cost_export import CostExport
from documents.cost_forecast import CostForecast
from documents.cost_line import CostLine
from documents.cost_load import CostLoad, CostLoadState
from documents.cost_month import CostMonth
from documents.cost_period import CostPeriod
from documents.cost_source import CostSource
from documents.cost_usage import CostUsageDay
from documents.cost_view import CostView
from documents.custom_role import CustomRole
from documents.data_store import DataStore
from documents.delivery import Delivery
from documents.drift import Drift, DriftBaseline
from documents.escalation import Escalation
from documents.event import Event, EventCounter
from documents.evidence import EvidencePack
from documents.evidence_chain import EvidenceHead, EvidenceRecord
from documents.evidence_checkpoint import EvidenceCheckpoint
from documents.exchange_rate import ExchangeRate
from documents.exercise import Exercise
from documents.external_identity import ExternalIdentity
from documents.finding import Finding
from documents.forecast_event import ForecastEvent
from documents.forecast_run import ForecastRun
from documents.framework import Framework
from documents.hold import Hold
from documents.identity_provider import IdentityProvider, RoleMapping
from documents.incident import Incident, IncidentState
from documents.incident_clock import IncidentClock
from documents.incident_member import IncidentMember
from documents.intake_endpoint import IntakeEndpoint
from documents.integration_health import IntegrationHealth
from documents.invitation import Invitation
from documents.jira_task import JiraTask
from documents.maintenance_window import MaintenanceWindow
from documents.metric_day import MetricDay
from documents.milestone import Milestone
from documents.noise_meter import NoiseMeter
from documents.organization import Organization, OrganizationKind
from documents.passkey import Passkey
from documents.policy import Policy, PolicyAcknowledgement, PolicyVersion
from documents.privacy_request import PrivacyRequest
from documents.provider_visit import ProviderVisit
from documents.public_page import PublicPage
from documents.received_event import ReceivedEvent, ReceivedState
from documents.recovery_code import RecoveryCode
from documents.remediation import Remediation
from documents.remediation_call import RemediationCall
from documents.remediation_policy import RemediationPolicy
from documents.remediation_policy_run import RemediationPolicyRun
from documents.remediation_settings import RemediationSettings
from documents.resource import Resource
from documents.resource_change import ChangeKind, ResourceChange
from documents.risk import Risk
from documents.routing_rule import RoutingRule
from documents.rule_setting import RuleSetting
from documents.scim_group import GroupRole, ScimGroup
from documents.scim_user import ScimUser
from documents.score_day import ScoreDay
from documents.service_account import ServiceAccount
from documents.session import AuthMethod, RefreshToken, Session, SessionEnd
from documents.sign_in_challenge import SignInChallenge
from documents.statement import ClosedVersion, Statement
from documents.status_report import StatusReport
from documents.sync_read import ReadState, SyncRead
from documents.sync_run import SyncRun, SyncState
from documents.ticket_rule import TicketRule
from documents.totp_factor import TotpFactor
from documents.user import Membership, Role, User
from documents.vendor import Vendor
from documents.verified_domain import VerifiedDomain

__all__ = [
    "AccessReview",
    "AccessReviewItem",
    "Account",
    "AccountState",
    "Alert",
    "AlertCategory",
    "AlertEntry",
    "AlertSource",
    "AlertState",
    "AlertStep",
    "AllocatedCost",
    "AllocationMonth",
    "AllocationRules",
    "AllocationRun",
    "AllocationTarget",
    "AnomalyRun",
    "AnomalySettings",
    "ApiKey",
    "Attestation",
    "AuditEntry",
    "AuditExport",
    "AuditHead",
    "AuditPack",
    "AuditSegment",
    "AuthMethod",
    "Budget",
    "BudgetRecord",
    "BusinessMetric",
    "ChangeKind",
    "Channel",
    "Check",
    "CheckChange",
    "CheckItems",
    "CheckRound",
    "ClientAccess",
    "ClosedVersion",
    "CommitmentTerm",
    "ComplianceSettings",
    "ControlException",
    "ControlOwner",
    "ControlState",
    "CostAnomaly",
    "CostDay",
    "CostExport",
    "CostForecast",
    "CostLine",
    "CostLoad",
    "CostLoadState",
    "CostMonth",
    "CostPeriod",
    "CostSource",
    "CostUsageDay",
    "CostView",
    "CustomRole",
    "DataStore",
    "Delivery",
    "Drift",
    "DriftBaseline",
    "Escalation",
    "Event",
    "EventCounter",
    "EvidenceCheckpoint",
    "EvidenceHead",
    "EvidencePack",
    "EvidenceRecord",
    "ExchangeRate",
    "Exercise",
    "ExternalIdentity",
    "Finding",
    "ForecastEvent",
    "ForecastRun",
    "Framework",
    "GroupRole",
    "Hold",
    "IdentityProvider",
    "Incident",
    "IncidentClock",
    "IncidentMember",
    "IncidentState",
    "IntakeEndpoint",
    "IntegrationHealth",
    "Invitation",
    "JiraTask",
    "MaintenanceWindow",
    "Membership",
    "MetricDay",
    "Milestone",
    "NoiseMeter",
    "Organization",
    "OrganizationKind",
    "Passkey",
    "Policy",
    "PolicyAcknowledgement",
    "PolicyVersion",
    "PrivacyRequest",
    "ProviderVisit",
    "PublicPage",
    "ReadState",
    "ReceivedEvent",
    "ReceivedState",
    "RecoveryCode",
    "RefreshToken",
    "Remediation",
    "RemediationCall",
    "RemediationPolicy",
    "RemediationPolicyRun",
    "RemediationSettings",
    "Resource",
    "ResourceChange",
    "Risk",
    "Role",
    "RoleMapping",
    "RoutingRule",
    "RuleSetting",
    "ScimGroup",
    "ScimUser",
    "ScoreDay",
    "ServiceAccount",
    "Session",
    "SessionEnd",
    "SignInChallenge",
    "Statement",
    "StatusReport",
    "SyncRead",
    "SyncRun",
    "SyncState",
    "TenantDocument",
    "TicketRule",
    "TotpFactor",
    "User",
    "Vendor",
    "VerifiedDomain",
]
