"""Who may do what, Defender for Cloud, the state of policies, and what is backed up."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.clouds.azure import call, monitor, shape
from connectors.reading.listing import Arguments, Item, Listing, Place
from connectors.rest.paging import Reply, Request, followed
from domain.facts.resource import Resource, ResourceKind

ROLES_VERSION, BACKUP_VERSION = "2022-04-01", "2024-04-01"
# Controls look back a quarter for a restore, and tell one that is up to 120 days old from none.
JOBS_SINCE = timedelta(days=121)
POLICY_FIELDS = (
    "resourceId,resourceType,resourceLocation,policyAssignmentId,policyDefinitionId,policyDefinitionReferenceId,"
    "policySetDefinitionId,policyDefinitionAction,complianceState,timestamp"
)
STATE_KEY = ("resourceId", "policyAssignmentId", "policyDefinitionId", "policyDefinitionReferenceId")


def odata_next(request: Request, reply: Reply) -> Request | None:
    """The way of paging of OData, whose key has a dot in it."""
    link = reply.body.get("@odata.nextLink") if isinstance(reply.body, dict) else None
    return followed(request, link) if link else None


def _restores(place: Place) -> Arguments:
    first, last = (moment.strftime("%Y-%m-%d %I:%M:%S %p") for moment in (place.now - JOBS_SINCE, place.now))
    asked = f"operation eq 'Restore' and startTime eq '{first}' and endTime eq '{last}'"
    return {**shape.below(place), "$filter": asked}


def custom_role(item: Item, details: Mapping[str, Any], place: Place) -> Resource | None:
    """Azure's own roles are the same for everybody: only the customer's are kept."""
    if shape.properties(item).get("type") == "BuiltInRole":
        return None
    role = shape.parsed(ResourceKind.AZURE_ROLE_DEFINITION)(item, details, place)
    return role and role.model_copy(update={"name": shape.properties(item).get("roleName") or role.name})


def policy_state(item: Item, _: Mapping[str, Any], place: Place) -> Resource:
    """One policy on one resource; the time of its last evaluation is left out, which changes every day."""
    key = "|".join(str(item.get(name) or "") for name in STATE_KEY)
    return Resource(
        kind=ResourceKind.AZURE_POLICY_STATE,
        native_id=key,
        name=str(item["resourceId"]).rpartition("/")[2],
        region=item.get("resourceLocation") or None,
        config={name: value for name, value in item.items() if name != "timestamp"},
    )


LISTINGS = (
    Listing(
        operation=call.listed("Microsoft.Authorization/roleAssignments", ROLES_VERSION),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_ROLE_ASSIGNMENT,
        parse=shape.parsed(ResourceKind.AZURE_ROLE_ASSIGNMENT),
    ),
    Listing(
        operation=call.listed("Microsoft.Authorization/roleDefinitions", ROLES_VERSION),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_ROLE_DEFINITION,
        parse=custom_role,
    ),
    Listing(
        operation=call.service("Microsoft.Security/pricings", "2024-01-01"),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_DEFENDER_PLAN,
        parse=shape.parsed(ResourceKind.AZURE_DEFENDER_PLAN),
    ),
    Listing(
        operation=call.service("Microsoft.Security/assessments", "2021-06-01"),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_ASSESSMENT,
        parse=shape.parsed(ResourceKind.AZURE_ASSESSMENT),
    ),
    Listing(
        operation=call.service(
            "Microsoft.PolicyInsights/policyStates",
            "2024-10-01",
            path="/policyStates/latest/queryResults",
            action="Microsoft.PolicyInsights/policyStates/queryResults/read",
            method="POST",
            query={"$select": POLICY_FIELDS},
            next_page=odata_next,
        ),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_POLICY_STATE,
        parse=policy_state,
    ),
    Listing(
        operation=call.listed("Microsoft.RecoveryServices/vaults", BACKUP_VERSION),
        items=monitor.VALUE,
        children=(
            Listing(
                operation=call.under(
                    "Microsoft.RecoveryServices/vaults/backupProtectedItems", "/backupProtectedItems", BACKUP_VERSION
                ),
                items=monitor.VALUE,
                kind=ResourceKind.AZURE_BACKUP_ITEM,
                parse=shape.parsed(ResourceKind.AZURE_BACKUP_ITEM),
                arguments=shape.below,
            ),
            Listing(
                operation=call.under("Microsoft.RecoveryServices/vaults/backupJobs", "/backupJobs", BACKUP_VERSION),
                items=monitor.VALUE,
                arguments=_restores,
                is_window=True,
            ),
        ),
    ),
)
