"""Anything by its global id."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from auth.scope import scope_of
from documents.base import TenantDocument
from documents.cost_line import CostLine
from documents.organization import load_organizations
from documents.reading import read_relations
from domain.errors import Forbidden, Invalid, NotFound
from resolvers.context import Info
from resolvers.fields import SIGNED_IN, query
from schema.node import VIEW_OF, Node, parse_id
from schema.selection import reading_of

MAX_NODES = 100

PERMISSION_OF: dict[type[TenantDocument], Permission] = {
    documents.AccessReview: Permission.COMPLIANCE_READ,
    documents.AccessReviewItem: Permission.COMPLIANCE_READ,
    documents.Vendor: Permission.COMPLIANCE_READ,
    documents.Risk: Permission.COMPLIANCE_READ,
    documents.DataStore: Permission.COMPLIANCE_READ,
    documents.PrivacyRequest: Permission.COMPLIANCE_READ,
    documents.Exercise: Permission.COMPLIANCE_READ,
    documents.IncidentClock: Permission.COMPLIANCE_READ,
    documents.PublicPage: Permission.COMPLIANCE_READ,
    documents.Account: Permission.ACCOUNTS_READ,
    documents.Alert: Permission.ALERTS_READ,
    documents.AlertEntry: Permission.ALERTS_READ,
    documents.AllocationMonth: Permission.COSTS_READ,
    documents.AllocationRules: Permission.COSTS_READ,
    documents.AllocationRun: Permission.COSTS_READ,
    documents.AllocationTarget: Permission.COSTS_READ,
    documents.Attestation: Permission.COMPLIANCE_READ,
    documents.AuditEntry: Permission.AUDIT_READ,
    documents.AuditExport: Permission.AUDIT_EXPORT,
    documents.EvidenceCheckpoint: Permission.EVIDENCE_READ,
    documents.EvidenceRecord: Permission.EVIDENCE_READ,
    documents.ApiKey: Permission.MACHINES_READ,
    documents.Budget: Permission.COSTS_READ,
    documents.CommitmentTerm: Permission.COSTS_READ,
    documents.BusinessMetric: Permission.COSTS_READ,
    documents.BudgetRecord: Permission.COSTS_READ,
    documents.AuditPack: Permission.EVIDENCE_READ,
    documents.CostExport: Permission.COSTS_READ,
    CostLine: Permission.COSTS_READ,
    documents.CostAnomaly: Permission.COSTS_READ,
    documents.CostSource: Permission.COSTS_READ,
    documents.CostLoad: Permission.COSTS_READ,
    documents.CostPeriod: Permission.COSTS_READ,
    documents.CostView: Permission.COSTS_READ,
    documents.ExchangeRate: Permission.COSTS_READ,
    documents.Check: Permission.COMPLIANCE_READ,
    documents.CheckChange: Permission.COMPLIANCE_READ,
    documents.ControlException: Permission.COMPLIANCE_READ,
    documents.Drift: Permission.COMPLIANCE_READ,
    documents.DriftBaseline: Permission.COMPLIANCE_READ,
    documents.Remediation: Permission.REMEDIATIONS_READ,
    documents.RemediationCall: Permission.REMEDIATIONS_READ,
    documents.RemediationPolicy: Permission.REMEDIATIONS_READ,
    documents.RemediationPolicyRun: Permission.REMEDIATIONS_READ,
    documents.RemediationSettings: Permission.REMEDIATIONS_READ,
    documents.ControlOwner: Permission.COMPLIANCE_READ,
    documents.ControlState: Permission.COMPLIANCE_READ,
    documents.Channel: Permission.CHANNELS_READ,
    documents.Delivery: Permission.CHANNELS_READ,
    documents.CustomRole: Permission.MEMBERS_READ,
    documents.Finding: Permission.FINDINGS_READ,
    documents.ForecastEvent: Permission.COSTS_READ,
    documents.IdentityProvider: Permission.IDENTITY_MANAGE,
    documents.IntakeEndpoint: Permission.CHANNELS_READ,
    documents.Incident: Permission.ALERTS_READ,
    documents.IncidentMember: Permission.ALERTS_READ,
    documents.IntegrationHealth: Permission.ACCOUNTS_READ,
    documents.Invitation: Permission.MEMBERS_MANAGE,
    documents.MaintenanceWindow: Permission.CHANNELS_READ,
    documents.JiraTask: Permission.ALERTS_READ,
    documents.Membership: Permission.MEMBERS_READ,
    documents.Milestone: Permission.COMPLIANCE_READ,
    documents.Policy: Permission.COMPLIANCE_READ,
    documents.PolicyVersion: Permission.COMPLIANCE_READ,
    documents.ProviderVisit: Permission.AUDIT_READ,
    documents.ReceivedEvent: Permission.CHANNELS_READ,
    documents.Resource: Permission.RESOURCES_READ,
    documents.ResourceChange: Permission.RESOURCES_READ,
    documents.RoutingRule: Permission.CHANNELS_READ,
    documents.GroupRole: Permission.IDENTITY_MANAGE,
    documents.ServiceAccount: Permission.MACHINES_READ,
    documents.Statement: Permission.COSTS_READ,
    documents.StatusReport: Permission.CHANNELS_READ,
    documents.SyncRead: Permission.ACCOUNTS_READ,
    documents.SyncRun: Permission.ACCOUNTS_READ,
    documents.TicketRule: Permission.CHANNELS_READ,
    documents.VerifiedDomain: Permission.IDENTITY_MANAGE,
}


@strawberry.type
class NodeQueries:
    @query(Node, may=SIGNED_IN, description="The object with this global id. NOT_FOUND when it is not yours to see.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Global id.")]
    ) -> Any:
        (found,) = await _load(info, [id])
        if found is None:
            document = VIEW_OF.get(parse_id(id)[0])
            raise NotFound.of("object" if document is None else document.noun)
        return found

    @query(
        list[Node | None],
        may=SIGNED_IN,
        description="The objects with these global ids, 100 at most, in their order; null where one is not yours.",
    )
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids.")]
    ) -> Any:
        if len(ids) > MAX_NODES:
            raise Invalid(f"Ask for {MAX_NODES} nodes at most.", path=("ids",))
        return await _load(info, ids)


async def _load(info: Info, ids: Sequence[str]) -> list[Any]:
    """What these ids stand for, None where the viewer sees nothing. One query for each type and relation."""
    wanted = [_parsed(id) for id in ids]
    found: dict[tuple[str, str], Any] = {}
    for type_name in {type_name for type_name, _ in wanted}:
        of_type = {local for name, local in wanted if name == type_name}
        found |= {(type_name, str(one.id)): one for one in await _of_type(info, type_name, of_type)}
    return [found.get(one) for one in wanted]


def _parsed(id: str) -> tuple[str, str]:
    try:
        return parse_id(id)
    except NotFound:
        return "", ""


async def _of_type(info: Info, type_name: str, ids: set[str]) -> list[Any]:
    viewer = info.context.signed_in
    if type_name == "User":
        return [viewer.person] if viewer.person is not None and str(viewer.person.id) in ids else []
    if type_name == "Organization":
        return await load_organizations(sorted(ids & viewer.standings.keys()))
    document = VIEW_OF.get(type_name)
    return [] if document is None else await _rows(info, document, type_name, ids)


async def _rows(info: Info, document: type[TenantDocument], type_name: str, ids: set[str]) -> list[Any]:
    viewer, reading = info.context.signed_in, reading_of(info, type_name)
    visible = scope_of(viewer, None)
    wanted = [ObjectId(id) for id in ids if ObjectId.is_valid(id)]
    rows = list((await document.rows_by_id(visible, wanted, reading)).values())
    allowed = scope_of(viewer, PERMISSION_OF[document]).org_ids
    if any(str(row.org_id) not in allowed for row in rows):
        raise Forbidden(f"Your role does not allow this on this {document.noun}.")
    await read_relations(visible, rows, reading.relations)
    return rows
