"""Enums of allocation on the wire."""

from documents.allocation_run import AllocationRunState
from domain.allocation.question import AllocatedBy
from domain.allocation.rule import AllocationColumn
from domain.facts.allocation import AllocationKind, TakenBy
from schema.values import register_enum

__all__ = ["AllocatedBy", "AllocationColumn", "AllocationKind", "AllocationRunState", "TakenBy"]

register_enum(
    AllocationKind,
    "What can owe costs.",
    {
        AllocationKind.TEAM: "People who answer for costs.",
        AllocationKind.PROJECT: "Work with a beginning and an end.",
        AllocationKind.ENVIRONMENT: "Where something runs, such as production.",
        AllocationKind.PRODUCT: "What is sold.",
    },
)
register_enum(
    TakenBy,
    "How a cost came to whom it is.",
    {
        TakenBy.DIRECT: "A rule named the one who owes it.",
        TakenBy.SHARED: "A rule split it over several.",
        TakenBy.NOBODY: "No rule took it: it is not allocated.",
    },
)
register_enum(
    AllocationColumn,
    "What a table of values or a pattern looks at.",
    {
        AllocationColumn.BILLING_ACCOUNT: "The account that is invoiced.",
        AllocationColumn.SUB_ACCOUNT: "The account, subscription or project that was charged.",
        AllocationColumn.SERVICE: "The service.",
        AllocationColumn.REGION: "Where it ran.",
        AllocationColumn.RESOURCE: "The resource, by the provider's own id. Rows are read for it, which takes longer.",
    },
)
register_enum(
    AllocationRunState,
    "What has become of a run.",
    {
        AllocationRunState.STAGING: "It is under way and does not count.",
        AllocationRunState.CURRENT: "It counts.",
        AllocationRunState.FORMER: "It was of a closed month that was worked out again, and is kept to compare with.",
        AllocationRunState.RETIRED: "It was replaced.",
    },
)
register_enum(
    AllocatedBy,
    "What tells groups of allocated costs apart.",
    {
        AllocatedBy.TARGET: "Who owes them.",
        AllocatedBy.TARGET_AND_SERVICE: "Who owes them, and the service.",
        AllocatedBy.RULE: "The name of the rule they came by.",
    },
)
