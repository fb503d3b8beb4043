"""The three root types, put together from the nouns."""

import strawberry

from resolvers.account import AccountMutations, AccountQueries
from resolvers.alert import AlertMutations, AlertQueries, AlertSubscriptions
from resolvers.budget import BudgetMutations, BudgetQueries
from resolvers.cost import CostQueries
from resolvers.dashboard import DashboardQueries
from resolvers.factor import FactorMutations, FactorQueries
from resolvers.finding import FindingQueries
from resolvers.leaving import LeavingMutations
from resolvers.node import NodeQueries
from resolvers.organization import OrganizationMutations, OrganizationQueries
from resolvers.passkey import PasskeyMutations
from resolvers.password import PasswordMutations
from resolvers.person import PersonMutations
from resolvers.profile import ProfileMutations
from resolvers.requirement import RequirementMutations
from resolvers.session import SessionMutations, SessionQueries
from resolvers.sign_in import SignInMutations
from resolvers.sync import SyncMutations, SyncQueries, SyncSubscriptions


@strawberry.type(description="Everything that can be read.")
class Query(
    AccountQueries,
    AlertQueries,
    BudgetQueries,
    CostQueries,
    DashboardQueries,
    FactorQueries,
    FindingQueries,
    NodeQueries,
    OrganizationQueries,
    SessionQueries,
    SyncQueries,
):
    pass


@strawberry.type(description="Everything that can be changed.")
class Mutation(
    AccountMutations,
    AlertMutations,
    BudgetMutations,
    FactorMutations,
    LeavingMutations,
    OrganizationMutations,
    PasskeyMutations,
    PasswordMutations,
    PersonMutations,
    ProfileMutations,
    RequirementMutations,
    SessionMutations,
    SignInMutations,
    SyncMutations,
):
    pass


@strawberry.type(description="Everything that can be followed live.")
class Subscription(AlertSubscriptions, SyncSubscriptions):
    pass
