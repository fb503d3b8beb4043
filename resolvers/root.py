"""The three root types, put together from the nouns."""

import strawberry

from resolvers.account import AccountMutations, AccountQueries
from resolvers.alert import AlertMutations, AlertQueries, AlertSubscriptions
from resolvers.audit import AuditMutations, AuditQueries, AuditSubscriptions
from resolvers.budget import BudgetMutations, BudgetQueries
from resolvers.client import ClientMutations, ClientQueries
from resolvers.cost import CostQueries
from resolvers.dashboard import DashboardQueries
from resolvers.finding import FindingQueries
from resolvers.invitation import InvitationMutations, InvitationQueries
from resolvers.leaving import LeavingMutations
from resolvers.member import MemberMutations, MemberQueries
from resolvers.node import NodeQueries
from resolvers.organization import OrganizationMutations, OrganizationQueries
from resolvers.password import PasswordMutations
from resolvers.person import PersonMutations
from resolvers.profile import ProfileMutations
from resolvers.role import RoleMutations, RoleQueries
from resolvers.session import SessionMutations, SessionQueries
from resolvers.sync import SyncMutations, SyncQueries, SyncSubscriptions


@strawberry.type(description="Everything that can be read.")
class Query(
    AccountQueries,
    AlertQueries,
    AuditQueries,
    BudgetQueries,
    ClientQueries,
    CostQueries,
    DashboardQueries,
    FindingQueries,
    InvitationQueries,
    MemberQueries,
    NodeQueries,
    OrganizationQueries,
    RoleQueries,
    SessionQueries,
    SyncQueries,
):
    pass


@strawberry.type(description="Everything that can be changed.")
class Mutation(
    AccountMutations,
    AlertMutations,
    AuditMutations,
    BudgetMutations,
    ClientMutations,
    InvitationMutations,
    LeavingMutations,
    MemberMutations,
    OrganizationMutations,
    PasswordMutations,
    PersonMutations,
    ProfileMutations,
    RoleMutations,
    SessionMutations,
    SyncMutations,
):
    pass


@strawberry.type(description="Everything that can be followed live.")
class Subscription(AlertSubscriptions, AuditSubscriptions, SyncSubscriptions):
    pass
