"""The three root types, put together from the nouns."""

import strawberry

from resolvers.account import AccountMutations, AccountQueries
from resolvers.alert import AlertMutations, AlertQueries, AlertSubscriptions
from resolvers.api_key import ApiKeyMutations, ApiKeyQueries
from resolvers.audit import AuditMutations, AuditQueries, AuditSubscriptions
from resolvers.budget import BudgetMutations, BudgetQueries
from resolvers.cost import CostQueries
from resolvers.dashboard import DashboardQueries
from resolvers.finding import FindingQueries
from resolvers.leaving import LeavingMutations
from resolvers.node import NodeQueries
from resolvers.organization import OrganizationMutations, OrganizationQueries
from resolvers.password import PasswordMutations
from resolvers.person import PersonMutations
from resolvers.profile import ProfileMutations
from resolvers.provisioning import ProvisioningMutations, ProvisioningQueries
from resolvers.service_account import ServiceAccountMutations, ServiceAccountQueries
from resolvers.session import SessionMutations, SessionQueries
from resolvers.sync import SyncMutations, SyncQueries, SyncSubscriptions


@strawberry.type(description="Everything that can be read.")
class Query(
    AccountQueries,
    AlertQueries,
    AuditQueries,
    ApiKeyQueries,
    BudgetQueries,
    CostQueries,
    DashboardQueries,
    FindingQueries,
    NodeQueries,
    OrganizationQueries,
    ProvisioningQueries,
    ServiceAccountQueries,
    SessionQueries,
    SyncQueries,
):
    pass


@strawberry.type(description="Everything that can be changed.")
class Mutation(
    AccountMutations,
    AlertMutations,
    AuditMutations,
    ApiKeyMutations,
    BudgetMutations,
    LeavingMutations,
    OrganizationMutations,
    PasswordMutations,
    PersonMutations,
    ProfileMutations,
    ProvisioningMutations,
    ServiceAccountMutations,
    SessionMutations,
    SyncMutations,
):
    pass


@strawberry.type(description="Everything that can be followed live.")
class Subscription(AlertSubscriptions, AuditSubscriptions, SyncSubscriptions):
    pass
