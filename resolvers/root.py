"""The three root types, put together from the nouns."""

import strawberry

from resolvers.access_review import AccessReviewMutations, AccessReviewQueries
from resolvers.account import AccountQueries
from resolvers.alert import AlertQueries, AlertSubscriptions
from resolvers.alert_change import AlertMutations
from resolvers.allocation import AllocationQueries
from resolvers.allocation_month import AllocationMonthMutations, AllocationMonthQueries
from resolvers.allocation_rules import AllocationRulesMutations, AllocationRulesQueries
from resolvers.allocation_target import AllocationTargetMutations, AllocationTargetQueries
from resolvers.api_key import ApiKeyMutations, ApiKeyQueries
from resolvers.attestation import AttestationMutations, AttestationQueries
from resolvers.audit import AuditMutations, AuditQueries, AuditSubscriptions
from resolvers.audit_pack import AuditPackMutations, AuditPackQueries
from resolvers.budget import BudgetMutations, BudgetQueries
from resolvers.burn_down import BurnDownQueries
from resolvers.business_metric import BusinessMetricMutations, BusinessMetricQueries
from resolvers.channel import ChannelQueries, ChannelSubscriptions
from resolvers.channel_change import ChannelMutations
from resolvers.check import CheckMutations, CheckQueries, CheckSubscriptions
from resolvers.client import ClientMutations, ClientQueries
from resolvers.commitment import CommitmentQueries
from resolvers.commitment_advice import CommitmentAdviceQueries
from resolvers.commitment_term import CommitmentTermMutations, CommitmentTermQueries
from resolvers.compliance_score import ComplianceScoreQueries
from resolvers.connecting import ConnectingMutations
from resolvers.control import ControlMutations, ControlQueries
from resolvers.control_exception import ControlExceptionMutations, ControlExceptionQueries
from resolvers.control_owner import ControlOwnerMutations, ControlOwnerQueries
from resolvers.cost import CostQueries
from resolvers.cost_anomaly import CostAnomalyMutations, CostAnomalyQueries
from resolvers.cost_driver import CostDriverQueries
from resolvers.cost_export import CostExportMutations, CostExportQueries
from resolvers.cost_line import CostLineQueries
from resolvers.cost_source import CostSourceMutations, CostSourceQueries
from resolvers.cost_update import CostUpdateSubscriptions
from resolvers.cost_view import CostViewMutations, CostViewQueries
from resolvers.dashboard import DashboardQueries
from resolvers.disconnecting import DisconnectingMutations
from resolvers.drift import DriftMutations, DriftQueries
from resolvers.event import EventSubscriptions
from resolvers.event_endpoint import EventEndpointMutations, EventEndpointQueries
from resolvers.evidence import EvidenceMutations, EvidenceQueries
from resolvers.exchange_rate import ExchangeRateMutations, ExchangeRateQueries
from resolvers.factor import FactorMutations, FactorQueries
from resolvers.finding import FindingQueries
from resolvers.finding_change import FindingMutations
from resolvers.forecast import ForecastQueries
from resolvers.forecast_event import ForecastEventMutations, ForecastEventQueries
from resolvers.framework import FrameworkMutations, FrameworkQueries
from resolvers.identity import IdentityMutations, IdentityQueries
from resolvers.identity_provider import IdentityProviderMutations, IdentityProviderQueries
from resolvers.incident import IncidentQueries, IncidentSubscriptions
from resolvers.incident_change import IncidentMutations
from resolvers.integration import IntegrationQueries, IntegrationSubscriptions
from resolvers.invitation import InvitationMutations, InvitationQueries
from resolvers.job import JobSubscriptions
from resolvers.leaving import LeavingMutations
from resolvers.maintenance import MaintenanceMutations, MaintenanceQueries
from resolvers.member import MemberMutations, MemberQueries
from resolvers.milestone import MilestoneMutations, MilestoneQueries
from resolvers.node import NodeQueries
from resolvers.organization import OrganizationMutations, OrganizationQueries
from resolvers.passkey import PasskeyMutations
from resolvers.password import PasswordMutations
from resolvers.person import PersonMutations
from resolvers.policy import PolicyQueries
from resolvers.policy_change import PolicyMutations
from resolvers.profile import ProfileMutations
from resolvers.provisioning import ProvisioningMutations, ProvisioningQueries
from resolvers.public_page import PublicPageMutations, PublicPageQueries
from resolvers.register import RegisterMutations, RegisterQueries
from resolvers.remediation import RemediationMutations, RemediationQueries, RemediationSubscriptions
from resolvers.remediation_policy import RemediationPolicyMutations, RemediationPolicyQueries
from resolvers.remediation_policy_preview import RemediationPolicyPreviewQueries
from resolvers.remediation_rule import RemediationRuleMutations, RemediationRuleQueries
from resolvers.remediation_saving import RemediationSavingQueries
from resolvers.remediation_settings import RemediationSettingsMutations, RemediationSettingsQueries
from resolvers.requirement import RequirementMutations
from resolvers.resource_change import ResourceChangeQueries
from resolvers.role import RoleMutations, RoleQueries
from resolvers.routing import RoutingMutations, RoutingQueries
from resolvers.routing_preview import RoutingPreviewQueries
from resolvers.service_account import ServiceAccountMutations, ServiceAccountQueries
from resolvers.session import SessionMutations, SessionQueries
from resolvers.setup import SetupQueries
from resolvers.sign_in import SignInMutations
from resolvers.statement import StatementQueries
from resolvers.statement_change import StatementMutations
from resolvers.statement_sending import StatementSendingMutations
from resolvers.status_report import StatusReportMutations, StatusReportQueries
from resolvers.sync import SyncMutations, SyncQueries, SyncSubscriptions
from resolvers.ticket import TicketMutations, TicketQueries
from resolvers.ticket_rule import TicketRuleMutations, TicketRuleQueries
from resolvers.verified_domain import VerifiedDomainMutations, VerifiedDomainQueries


@strawberry.type(description="Everything that can be read.")
class Query(
    AccountQueries,
    AlertQueries,
    AllocationMonthQueries,
    AllocationQueries,
    AllocationRulesQueries,
    AllocationTargetQueries,
    AuditQueries,
    ApiKeyQueries,
    BudgetQueries,
    CostAnomalyQueries,
    BusinessMetricQueries,
    BurnDownQueries,
    ChannelQueries,
    CheckQueries,
    ClientQueries,
    CommitmentQueries,
    CommitmentAdviceQueries,
    CommitmentTermQueries,
    CostQueries,
    CostDriverQueries,
    CostSourceQueries,
    CostLineQueries,
    CostViewQueries,
    ComplianceScoreQueries,
    ControlQueries,
    AttestationQueries,
    PolicyQueries,
    ControlExceptionQueries,
    DriftQueries,
    ControlOwnerQueries,
    FrameworkQueries,
    MilestoneQueries,
    AccessReviewQueries,
    RegisterQueries,
    PublicPageQueries,
    AuditPackQueries,
    CostExportQueries,
    DashboardQueries,
    EventEndpointQueries,
    EvidenceQueries,
    ExchangeRateQueries,
    FactorQueries,
    FindingQueries,
    RemediationRuleQueries,
    ForecastEventQueries,
    ForecastQueries,
    IdentityProviderQueries,
    IdentityQueries,
    IncidentQueries,
    IntegrationQueries,
    NodeQueries,
    OrganizationQueries,
    ProvisioningQueries,
    RemediationQueries,
    RemediationPolicyQueries,
    RemediationPolicyPreviewQueries,
    RemediationSavingQueries,
    RemediationSettingsQueries,
    ServiceAccountQueries,
    InvitationQueries,
    MaintenanceQueries,
    MemberQueries,
    ResourceChangeQueries,
    RoleQueries,
    RoutingPreviewQueries,
    RoutingQueries,
    SessionQueries,
    SetupQueries,
    StatementQueries,
    StatusReportQueries,
    SyncQueries,
    TicketQueries,
    TicketRuleQueries,
    VerifiedDomainQueries,
):
    pass


@strawberry.type(description="Everything that can be changed.")
class Mutation(
    ConnectingMutations,
    DisconnectingMutations,
    AlertMutations,
    FindingMutations,
    RemediationRuleMutations,
    CheckMutations,
    AllocationMonthMutations,
    AllocationRulesMutations,
    AllocationTargetMutations,
    AuditMutations,
    ApiKeyMutations,
    BudgetMutations,
    CostAnomalyMutations,
    BusinessMetricMutations,
    CostSourceMutations,
    AuditPackMutations,
    CostExportMutations,
    EventEndpointMutations,
    FactorMutations,
    ForecastEventMutations,
    LeavingMutations,
    IdentityMutations,
    IdentityProviderMutations,
    ChannelMutations,
    ClientMutations,
    CommitmentTermMutations,
    CostViewMutations,
    ControlMutations,
    AttestationMutations,
    PolicyMutations,
    ControlExceptionMutations,
    DriftMutations,
    ControlOwnerMutations,
    FrameworkMutations,
    MilestoneMutations,
    AccessReviewMutations,
    RegisterMutations,
    PublicPageMutations,
    EvidenceMutations,
    ExchangeRateMutations,
    IncidentMutations,
    InvitationMutations,
    MaintenanceMutations,
    MemberMutations,
    OrganizationMutations,
    PasskeyMutations,
    PasswordMutations,
    PersonMutations,
    ProfileMutations,
    ProvisioningMutations,
    RemediationMutations,
    RemediationPolicyMutations,
    RemediationSettingsMutations,
    ServiceAccountMutations,
    RequirementMutations,
    RoleMutations,
    RoutingMutations,
    SessionMutations,
    SignInMutations,
    StatementMutations,
    StatementSendingMutations,
    StatusReportMutations,
    SyncMutations,
    TicketMutations,
    TicketRuleMutations,
    VerifiedDomainMutations,
):
    pass


@strawberry.type(description="Everything that can be followed live.")
class Subscription(
    AlertSubscriptions,
    AuditSubscriptions,
    ChannelSubscriptions,
    CheckSubscriptions,
    IncidentSubscriptions,
    CostUpdateSubscriptions,
    EventSubscriptions,
    IntegrationSubscriptions,
    JobSubscriptions,
    RemediationSubscriptions,
    SyncSubscriptions,
):
    pass
