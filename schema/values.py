"""Registers domain facts and stored enums for GraphQL, each once."""

from enum import Enum

import strawberry

from documents.account import AccountState
from documents.alert import AlertCategory, AlertSource, AlertState
from documents.alert_entry import AlertStep
from documents.audit import Outcome
from documents.audit_export import AuditExportState, AuditFormat
from documents.commitment import CommitmentPayment, EndSource
from documents.organization import OrganizationKind
from documents.resource_change import ChangeKind
from documents.session import AuthMethod, SessionEnd
from documents.sync_read import ReadState
from documents.sync_run import SyncState
from documents.user import Role
from domain.costs.series import Grain, Metric
from domain.costs.unit_cost import MetricGathering
from domain.facts.cost_dimension import Dimension
from domain.facts.finding import FindingCategory, FindingState
from domain.facts.health import (
    BreakerState,
    CircuitBreaker,
    HealthProblem,
    HealthState,
    ProblemKind,
    ServiceHealth,
)
from domain.facts.incident import DecisionKind, IncidentState, IncidentStep
from domain.facts.inventory import GapCause
from domain.facts.money import Money
from domain.facts.provider import Provider
from domain.facts.resource import ResourceKind
from domain.facts.severity import Severity
from domain.facts.status import ReportEvery, StatusKind
from domain.facts.ticket import StatusCategory, TicketState


def register_enum(enum: type[Enum], description: str, values: dict[Enum, str], name: str | None = None) -> None:
    """Register an enum with a description for each of its values. Raises KeyError when one has none.

    `name` is that on the wire, where another type has its own.
    """
    strawberry.enum(enum, name=name, description=description)
    definition = enum.__strawberry_definition__  # type: ignore[attr-defined]  # of strawberry
    for value in definition.values:
        value.description = values[enum[value.name]]


strawberry.pydantic.type(Money, description="An exact amount of one currency.")

register_enum(
    Provider,
    "The cloud or system an account lives in.",
    {
        Provider.AWS: "Amazon Web Services.",
        Provider.AZURE: "Microsoft Azure.",
        Provider.GCP: "Google Cloud.",
        Provider.DIGITALOCEAN: "DigitalOcean.",
        Provider.GITHUB: "GitHub.",
        Provider.OKTA: "Okta.",
        Provider.JIRA: "Jira Cloud.",
        Provider.SLACK: "Slack.",
        Provider.OTHER: "Any other seller that appears on a bill.",
    },
)
register_enum(
    Grain,
    "Length of a period of a cost series.",
    {
        Grain.HOUR: "An hour; read from billed rows, of at most 14 days. Many bills tell no hours, only days.",
        Grain.DAY: "A day in UTC.",
        Grain.WEEK: "An ISO week: Monday to Sunday.",
        Grain.MONTH: "A calendar month.",
        Grain.QUARTER: "A quarter of a calendar year.",
        Grain.YEAR: "A calendar year.",
    },
)
register_enum(
    Dimension,
    "What costs are grouped and picked by, next to tags. Where it says so, costs are added up from billed rows, which "
    "is slower and bounded.",
    {
        Dimension.PROVIDER: "Who sells the service.",
        Dimension.BILLING_ACCOUNT: "The account that is invoiced.",
        Dimension.SUB_ACCOUNT: "The account, subscription or project that was charged.",
        Dimension.SERVICE: "The service.",
        Dimension.SERVICE_CATEGORY: "The service's category in the FOCUS list.",
        Dimension.REGION: "Where it ran.",
        Dimension.CHARGE_CATEGORY: "Usage, Purchase, Tax, Credit or Adjustment.",
        Dimension.PRICING_CATEGORY: "Standard, Dynamic, Committed or Other.",
        Dimension.COMMITMENT: "The commitment a charge is covered by or pays for, by the provider's own id.",
        Dimension.COMMITMENT_STATUS: "Whether the commitment was Used or Unused.",
        Dimension.PUBLISHER: "Who made what was sold; in a marketplace somebody else than who sells it.",
        Dimension.RESOURCE: "The resource, by the provider's own id. From billed rows.",
        Dimension.RESOURCE_TYPE: "The kind of resource, in the provider's words. From billed rows.",
        Dimension.AVAILABILITY_ZONE: "The zone within the region. From billed rows.",
        Dimension.SERVICE_SUBCATEGORY: "The service's subcategory in the FOCUS list. From billed rows.",
        Dimension.SKU: "What was sold, by the provider's own id. From billed rows.",
        Dimension.SKU_METER: "What is measured of it. From billed rows.",
        Dimension.SKU_PRICE: "The price that was taken, by the provider's own id. From billed rows.",
        Dimension.CHARGE_DESCRIPTION: "What was charged, in the provider's words. From billed rows.",
        Dimension.CHARGE_CLASS: "Correction where a row corrects an earlier period. From billed rows.",
        Dimension.CHARGE_FREQUENCY: "One-Time, Recurring or Usage-Based. From billed rows.",
        Dimension.INVOICE: "The invoice, by its number. From billed rows.",
        Dimension.INVOICE_ISSUER: "Who invoices. From billed rows.",
        Dimension.COMMITMENT_TYPE: "The kind of commitment, in the provider's words. From billed rows.",
        Dimension.CAPACITY_RESERVATION: "The reservation of capacity, by its id. From billed rows.",
        Dimension.BILLING_ACCOUNT_NAME: "The printed name of the account that is invoiced. From billed rows.",
        Dimension.HOST_PROVIDER: "Whose cloud it runs on. From billed rows.",
    },
)
register_enum(
    Metric,
    "The four costs of FOCUS.",
    {
        Metric.BILLED: "As invoiced.",
        Metric.EFFECTIVE: "With commitments spread over their use.",
        Metric.LIST: "At list price.",
        Metric.CONTRACTED: "At the negotiated price.",
    },
)
register_enum(
    AuthMethod,
    "A way to show who one is.",
    {
        AuthMethod.PASSWORD: "A password.",
        AuthMethod.OIDC: "An identity provider.",
        AuthMethod.PASSKEY: "A passkey, which counts as two factors.",
        AuthMethod.TOTP: "A code of an authenticator app.",
        AuthMethod.RECOVERY_CODE: "A recovery code, for when the second factor is lost.",
    },
)
register_enum(
    SessionEnd,
    "Why a session was ended.",
    {
        SessionEnd.SIGNED_OUT: "The person signed out.",
        SessionEnd.ENDED_ELSEWHERE: "The person ended it from another session.",
        SessionEnd.TOKEN_REUSED: "A refresh token came a second time: somebody else had it.",
        SessionEnd.PASSWORD_CHANGED: "The password was changed or reset.",
        SessionEnd.FACTORS_CHANGED: "A second factor was changed.",
        SessionEnd.DEACTIVATED: "The person was deactivated.",
    },
)
register_enum(
    Severity,
    "How bad something is, worst first.",
    {
        Severity.CRITICAL: "Act now: damage is happening or one step away.",
        Severity.HIGH: "Act today.",
        Severity.MEDIUM: "Act this week.",
        Severity.LOW: "Mend when you pass by.",
        Severity.INFORMATIONAL: "Good to know.",
    },
)
register_enum(
    OrganizationKind,
    "What kind of tenant an organization is.",
    {
        OrganizationKind.COMPANY: "One company.",
        OrganizationKind.MSP: "A managed service provider with client companies.",
    },
)
register_enum(
    Role,
    "What a member may do in an organization.",
    {
        Role.USER: "Reads everything and acknowledges alerts.",
        Role.ADMIN: "Also connects accounts, runs syncs and sets budgets.",
        Role.MSP_ADMIN: "Also opens client companies, and is administrator in each of them.",
        Role.CLIENT_VIEWER: "Reads only.",
        Role.AUDITOR: "Reads controls, evidence, resources and the audit log, for a time, and on record.",
    },
)
register_enum(
    AccountState,
    "How CloudWatcher stands to an account.",
    {
        AccountState.BILLING_ONLY: "Known from imported bills; not connected.",
        AccountState.CONNECTING: "Credentials are stored; the first sync has not ended yet.",
        AccountState.CONNECTED: "The last sync read the account.",
        AccountState.FAILING: "The last sync failed; `problem` says why.",
        AccountState.DISCONNECTING: "Its credentials are gone; what was read of it is being taken away.",
        AccountState.DISCONNECTED: "It left the organization it was reached through; `problem` says so.",
    },
)
register_enum(
    SyncState,
    "How far a sync is.",
    {
        SyncState.QUEUED: "Waits for a worker.",
        SyncState.RUNNING: "Reads the account.",
        SyncState.SUCCEEDED: "Read everything.",
        SyncState.PARTIAL: "Read what it could; `gaps` names the rest.",
        SyncState.FAILED: "Came to no end; `problem` says why.",
        SyncState.CANCELLED: "Somebody ended it; what it had read is kept, and nothing is concluded from it.",
    },
)
register_enum(
    GapCause,
    "Why something could not be read.",
    {
        GapCause.PERMISSION: "A permission is missing; `missing` names it.",
        GapCause.PLAN: "The provider offers it with another plan or setting; `missing` names it.",
        GapCause.THROTTLED: "The provider asked for fewer calls for too long.",
        GapCause.CUT_SHORT: "The list did not end, or ended before it was whole.",
        GapCause.UNAVAILABLE: "The provider did not answer, or failed.",
        GapCause.MISSHAPEN: "The answer was not of the shape that the provider promises.",
        GapCause.FAILED: "The provider refused it for another reason; `reason` has its words.",
    },
)
register_enum(
    ReadState,
    "How a part of a sync was read.",
    {ReadState.COMPLETE: "Everything of it was read.", ReadState.INCOMPLETE: "Something is missing; see `gaps`."},
)
register_enum(
    ChangeKind,
    "What happened to a resource.",
    {
        ChangeKind.ADDED: "It is new.",
        ChangeKind.CHANGED: "Its name, region, tags or configuration changed.",
        ChangeKind.GONE: "A complete read no longer showed it.",
        ChangeKind.BACK: "It was gone and is there again.",
    },
)
register_enum(
    FindingCategory,
    "Which kind of rule made a finding.",
    {FindingCategory.FINOPS: "It costs money for nothing.", FindingCategory.SECOPS: "It is unsafe."},
)
register_enum(
    FindingState,
    "Where a finding is in its life.",
    {
        FindingState.OPEN: "The last complete read still showed it.",
        FindingState.SUPPRESSED: "Somebody decided to live with it for now.",
        FindingState.RESOLVED: "A complete read no longer showed it.",
    },
)
register_enum(
    CommitmentPayment,
    "How a commitment is paid.",
    {
        CommitmentPayment.ALL_UPFRONT: "All at once.",
        CommitmentPayment.PARTIAL_UPFRONT: "A part at once, the rest over its term.",
        CommitmentPayment.NO_UPFRONT: "Over its term.",
    },
)
register_enum(
    EndSource,
    "Who says when a commitment ends.",
    {EndSource.ENTERED: "Somebody entered it.", EndSource.SYNCED: "The provider, as the last sync read it."},
)
register_enum(
    MetricGathering,
    "How the days of a business metric make a longer period.",
    {
        MetricGathering.SUM: "They add up: for what happens, such as orders.",
        MetricGathering.AVERAGE: "Their average: for what there is on each day, such as customers.",
    },
)
register_enum(
    AlertSource,
    "What an alert was made from.",
    {
        AlertSource.FINDING: "A finding of medium severity or worse.",
        AlertSource.BUDGET: "A budget that crossed a threshold.",
        AlertSource.CHECK: "A control that does not hold, or a commitment that ends soon.",
        AlertSource.ANOMALY: "A cost or behaviour that is out of the ordinary.",
        AlertSource.EVENT: "Something a provider told us of by itself.",
        AlertSource.SYNC: "An account that cannot be synced.",
        AlertSource.INTEGRATION: "An integration, channel or endpoint that does not work as it should.",
    },
)
register_enum(
    AlertCategory,
    "What an alert is about.",
    {
        AlertCategory.FINOPS: "Cost.",
        AlertCategory.SECOPS: "Security.",
        AlertCategory.COMPLIANCE: "Frameworks and their controls.",
        AlertCategory.OPERATIONS: "How well CloudWatcher itself sees and tells.",
    },
)
register_enum(
    AlertStep,
    "A step in the life of an alert.",
    {
        AlertStep.RAISED: "It was raised, for the first time or again.",
        AlertStep.REPEATED: "Its cause was seen the tenth, hundredth, thousandth … time.",
        AlertStep.WORSENED: "It became more severe.",
        AlertStep.ACKNOWLEDGED: "Somebody took it on.",
        AlertStep.SNOOZED: "Somebody put it away until a time.",
        AlertStep.REOPENED: "It was given back, or its time came.",
        AlertStep.ASSIGNED: "It was given to somebody, or to nobody.",
        AlertStep.COMMENTED: "Somebody wrote something beside it.",
        AlertStep.RESOLVED: "Its cause was gone, or somebody closed it.",
    },
)
register_enum(
    AlertState,
    "Where an alert is in its life.",
    {
        AlertState.OPEN: "Nobody has taken it on.",
        AlertState.ACKNOWLEDGED: "Somebody has taken it on.",
        AlertState.SNOOZED: "Somebody has put it away until a time; it comes back by itself.",
        AlertState.RESOLVED: "Its cause is gone.",
    },
)
register_enum(
    IncidentState,
    "Where an incident is in its life.",
    {
        IncidentState.OPEN: "Nobody has taken it on.",
        IncidentState.ACKNOWLEDGED: "Somebody has taken it on.",
        IncidentState.RESOLVED: "All of its members are resolved, or it was merged into another one.",
    },
)
register_enum(
    IncidentStep,
    "What a message about an incident tells.",
    {
        IncidentStep.OPENED: "It is new.",
        IncidentStep.CHANGED: "Something about it or its members changed.",
        IncidentStep.CLOSED: "All of its members are resolved, or it was merged into another one.",
    },
)
register_enum(
    DecisionKind,
    "What a person has decided about what belongs together.",
    {DecisionKind.APART: "They do not belong together.", DecisionKind.TOGETHER: "They belong together."},
)
register_enum(
    ResourceKind,
    "What a resource is.",
    {kind: kind.says for kind in ResourceKind},
)
register_enum(
    Outcome,
    "How an act that the audit log tells of ended.",
    {
        Outcome.DONE: "It was done.",
        Outcome.REFUSED: "It was refused; `reason` is the code of the error.",
        Outcome.FAILED: "Something broke; nothing was changed.",
    },
)
register_enum(
    AuditFormat,
    "How an export writes entries of the audit log down, beside the form that can be verified.",
    {
        AuditFormat.CSV: "A table with a line for each entry.",
        AuditFormat.JSON_LINES: "The form that can be verified, and no other: a JSON object on each line.",
        AuditFormat.OCSF: "Events of the Open Cybersecurity Schema Framework 1.3.0, one JSON object on each line.",
    },
)
register_enum(
    AuditExportState,
    "How far an export of the audit log is.",
    {
        AuditExportState.QUEUED: "Waits for a worker.",
        AuditExportState.RUNNING: "Entries are being written.",
        AuditExportState.SUCCEEDED: "It can be downloaded.",
        AuditExportState.FAILED: "There is nothing to download; `problem` says why.",
    },
)
register_enum(
    HealthState,
    "How an integration does.",
    {
        HealthState.HEALTHY: "It is read without trouble.",
        HealthState.DEGRADED: "It is read, but something is wrong or slow; `problems` names it.",
        HealthState.FAILING: "More is lost than is read.",
        HealthState.UNKNOWN: "It was not asked of late.",
    },
)
register_enum(
    BreakerState,
    "Whether calls to a service go through.",
    {
        BreakerState.CLOSED: "They do.",
        BreakerState.OPEN: "They do not: the service did not answer for a while.",
        BreakerState.HALF_OPEN: "One does, to see whether the service answers again.",
    },
)
register_enum(
    ProblemKind,
    "What kind of trouble an integration has.",
    {
        ProblemKind.RESTING: "A service did not answer for a while and is left alone for now.",
        ProblemKind.UNANSWERED: "Calls were not answered.",
        ProblemKind.THROTTLED: "The provider asked for fewer calls.",
        ProblemKind.MALFORMED: "Answers could not be read.",
        ProblemKind.REFUSED: "A service refuses every call.",
        ProblemKind.PERMISSION: "A permission is missing.",
        ProblemKind.PLAN: "The plan or a setting does not offer it.",
        ProblemKind.INCOMPLETE: "Something could not be read whole.",
    },
)
strawberry.pydantic.type(CircuitBreaker, description="What stands between CloudWatcher and a service.")
strawberry.pydantic.type(HealthProblem, description="One thing that is wrong with an integration.")
strawberry.pydantic.type(ServiceHealth, description="How one service of an integration does.")
register_enum(
    TicketState,
    "Where a ticket stands.",
    {
        TicketState.WAITING: "It is not made yet.",
        TicketState.OPEN: "It is open in Jira.",
        TicketState.DONE: "It is closed in Jira, or its cause was gone before it was made.",
        TicketState.FAILED: "It could not be made, or was deleted in Jira.",
    },
)
register_enum(
    StatusCategory,
    "What a status of Jira comes down to.",
    {
        StatusCategory.TO_DO: "Nobody has begun.",
        StatusCategory.IN_PROGRESS: "Somebody is at it.",
        StatusCategory.DONE: "It is closed.",
    },
)
register_enum(
    StatusKind,
    "What a summary is about.",
    {
        StatusKind.ALERTS: "Open alerts by severity.",
        StatusKind.COSTS: "This month against last.",
        StatusKind.INTEGRATIONS: "Accounts that cannot be read.",
        StatusKind.COMPLIANCE: "How many controls hold; while none are judged, it says so.",
    },
)
register_enum(
    ReportEvery,
    "How often a summary is sent.",
    {ReportEvery.DAY: "Every day.", ReportEvery.WEEK: "Once a week."},
)
