"""One stored thing of every kind for a tenant, so that a stranger has something to look for."""

from datetime import timedelta
from typing import Any

from beanie import PydanticObjectId

import documents
from documents import AccountState, AlertSource
from documents.audit import Outcome
from documents.audit_export import AuditExportState, AuditFormat
from documents.base import TenantDocument, utc_now
from domain.facts.channel import ChannelKind
from domain.facts.finding import FindingCategory
from domain.facts.health import HealthProblem, ProblemKind
from domain.facts.intake import IntakeWay
from domain.facts.notice import NoticeKind
from domain.facts.provider import Provider
from domain.facts.resource import ResourceKind
from domain.facts.severity import Severity
from domain.facts.status import ReportEvery, StatusKind
from tests.factories.access_review import make_review
from tests.factories.compliance import make_compliance
from tests.factories.crowd_of_checks import make_checks
from tests.factories.holdings_of_costs import make_costs
from tests.factories.holdings_of_evidence import add_evidence
from tests.factories.holdings_of_governance import make_governance
from tests.factories.machine import make_machine
from tests.factories.registers import make_registers
from tests.factories.remediations import make_remediation
from tests.factories.tenant import Tenant


async def make_holdings(tenant: Tenant) -> dict[str, TenantDocument]:
    """The stored things by the name of their GraphQL type."""
    org_id, now = tenant.organization.id, utc_now()
    account = documents.Account(
        org_id=org_id,
        provider=Provider.AWS,
        native_id="111122223333",
        name="secret-account",
        state=AccountState.CONNECTED,
        next_sync_at=now + timedelta(days=365),
    )
    await account.insert()
    resource = documents.Resource(
        org_id=org_id,
        account_id=account.id,
        kind=ResourceKind.AWS_S3_BUCKET,
        native_id="arn:aws:s3:::secret-bucket",
        name="secret-bucket",
        tags={},
        config={},
        first_seen_at=now,
    )
    await resource.insert()
    finding = documents.Finding(
        org_id=org_id,
        account_id=account.id,
        resource_id=resource.id,
        resource_native_id=resource.native_id,
        rule_id="aws-s3-bucket-public",
        category=FindingCategory.SECOPS,
        severity=Severity.HIGH,
        severity_rank=1,
        title="secret-finding",
        reason="secret-reason",
        observed={},
        opened_at=now,
        last_seen_at=now,
    )
    await finding.insert()
    alert = documents.Alert(
        org_id=org_id,
        fingerprint="secret",
        source=AlertSource.FINDING,
        severity=Severity.HIGH,
        title="secret-alert",
        message="secret-message",
        account_id=account.id,
        finding_id=finding.id,
        raised_at=now,
    )
    await alert.insert()
    step = documents.AlertEntry(
        org_id=org_id, alert_id=alert.id, step=documents.AlertStep.COMMENTED, at=now, text="secret-comment"
    )
    await step.insert()
    incident, member = await make_incident(alert)
    machine = await make_machine(tenant, "alerts:read", name="secret-machine")
    rule = documents.GroupRole(org_id=org_id, group="secret-group", group_key="secret-group", role=documents.Role.USER)
    await rule.insert()
    run = documents.SyncRun(org_id=org_id, account_id=account.id, step="secret-step")
    await run.insert()
    problem = HealthProblem(kind=ProblemKind.THROTTLED, service="s3", message="secret-problem", advice="secret-advice")
    health = documents.IntegrationHealth(org_id=org_id, account_id=account.id, problems=[problem], at=now)
    await health.insert()
    read = documents.SyncRead(
        org_id=org_id,
        account_id=account.id,
        sync_id=run.id,
        operation="secret.operation",
        state=documents.ReadState.COMPLETE,
        started_at=now,
        ended_at=now,
    )
    await read.insert()
    change = documents.ResourceChange(
        org_id=org_id,
        account_id=account.id,
        resource_id=resource.id,
        sync_id=run.id,
        kind=documents.ChangeKind.CHANGED,
        resource_kind=resource.kind,
        native_id=resource.native_id,
        name="secret-change",
        at=now,
        fields=["name"],
        before=["secret-before"],
        after=["secret-after"],
    )
    await change.insert()
    pack = documents.EvidencePack(
        org_id=org_id, sha256="0" * 64, data=b"secret-answers", size=1, expires_at=now + timedelta(days=1)
    )
    await pack.insert()
    audit_pack = await add_evidence(tenant)
    entry, export = make_audit(tenant)
    await entry.insert()
    await export.insert()
    provider = documents.IdentityProvider(
        org_id=org_id, name="secret-provider", issuer="https://secret.example.com", client_id="secret-client"
    )
    await provider.insert()
    domain = documents.VerifiedDomain(org_id=org_id, name="secret.example.com")
    await domain.insert()
    channel, delivery = make_channel(tenant)
    await channel.insert()
    await delivery.insert()
    role = documents.CustomRole(org_id=org_id, name="secret-role", permissions=["costs:read"])
    await role.insert()
    invitation = documents.Invitation(
        org_id=org_id,
        user_id=tenant.user.id,
        email="secret-invited@example.com",
        role=documents.Role.USER,
        sent_at=now,
        expires_at=now + timedelta(days=7),
    )
    await invitation.insert()
    visit = documents.ProviderVisit(
        org_id=org_id, user_id=tenant.user.id, access_id=PydanticObjectId(), reason="secret-visit", expires_at=now
    )
    await visit.insert()
    endpoint = documents.IntakeEndpoint(org_id=org_id, account_id=account.id, way=IntakeWay.AWS_SNS)
    endpoint.settings = {"topic_arns": ["arn:aws:sns:us-east-1:111122223333:secret-topic"]}
    await endpoint.insert()
    event = documents.ReceivedEvent(
        org_id=org_id,
        endpoint_id=endpoint.id,
        account_id=account.id,
        provider=Provider.AWS,
        event_id="secret-event",
        kind="eventbridge",
        body="{}",
        received_at=now,
        state=documents.ReceivedState.PROCESSED,
    )
    await event.insert()
    routing_rule, window = await make_routing(tenant)
    return {
        **await make_tickets(tenant, account, alert),
        **await make_costs(tenant, account),
        **await make_compliance(tenant),
        **await make_governance(tenant, account),
        **await make_review(tenant),
        **await make_remediation(tenant, account, finding),
        **await make_registers(tenant),
        **await make_checks(account),
        "Account": account,
        "EventEndpoint": endpoint,
        "ReceivedEvent": event,
        "RoutingRule": routing_rule,
        "MaintenanceWindow": window,
        "AuditEntry": entry,
        "AuditExport": export,
        "AuditPack": audit_pack,
        "Resource": resource,
        "Finding": finding,
        "Alert": alert,
        "AlertEntry": step,
        "Incident": incident,
        "IncidentMember": member,
        "Sync": run,
        "IntegrationHealth": health,
        "SyncRead": read,
        "ResourceChange": change,
        "IdentityProvider": provider,
        "VerifiedDomain": domain,
        "ServiceAccount": machine.account,
        "ApiKey": machine.key,
        "GroupRole": rule,
        "Channel": channel,
        "Delivery": delivery,
        "CustomRole": role,
        "Invitation": invitation,
        "ProviderVisit": visit,
    }


def make_channel(tenant: Tenant) -> tuple[documents.Channel, documents.Delivery]:
    """A channel, whose settings nobody can open, and a message through it."""
    channel = documents.Channel(
        id=PydanticObjectId(),
        org_id=tenant.organization.id,
        name="secret-channel",
        kind=ChannelKind.EMAIL,
        shown="secret-address@example.com",
        settings=b"secret-settings",
        problem="secret-problem",
        templates={"RAISED": "secret-template"},
    )
    delivery = documents.Delivery(
        org_id=tenant.organization.id,
        channel_id=channel.id,
        key="secret-key",
        kind=NoticeKind.RAISED,
        subject="alert:secret",
        title="secret-title",
        notice={"message": "secret-notice"},
        due_at=utc_now() + timedelta(days=1),
        answer="secret-answer",
    )
    return channel, delivery


async def make_incident(alert: documents.Alert) -> tuple[documents.Incident, documents.IncidentMember]:
    """An incident and its only member."""
    about: dict[str, Any] = {"org_id": alert.org_id, "severity": alert.severity, "title": "secret-incident"}
    incident = documents.Incident(
        **about,
        number=1,
        categories=[alert.category],
        opened_at=alert.raised_at,
        first_at=alert.raised_at,
        last_at=alert.raised_at,
        member_count=1,
        open_count=1,
    )
    await incident.insert()
    member = documents.IncidentMember(
        **about,
        incident_id=incident.key,
        signal=f"alert:{alert.id}",
        alert_id=alert.id,
        at=alert.raised_at,
        category=alert.category,
        source=alert.source,
        happened=True,
    )
    await member.insert()
    return incident, member


async def make_routing(tenant: Tenant) -> tuple[documents.RoutingRule, documents.MaintenanceWindow]:
    """A rule of who is told, and a time in which nobody is."""
    org_id, now = tenant.organization.id, utc_now()
    rule = documents.RoutingRule(org_id=org_id, name="secret-rule", position=0, tags=["secret=tag"])
    await rule.insert()
    window = documents.MaintenanceWindow(
        org_id=org_id, name="secret-window", reason="secret-work", starts_at=now - timedelta(days=2), ends_at=now
    )
    await window.insert()
    return rule, window


async def make_tickets(tenant: Tenant, account: documents.Account, alert: documents.Alert) -> dict[str, TenantDocument]:
    """A rule, a ticket and a scheduled summary."""
    org_id = tenant.organization.id
    rule = documents.TicketRule(
        org_id=org_id, name="secret-rule", account_id=account.id, project="SECRET", issue_type="Task", is_paused=True
    )
    task = documents.JiraTask(
        org_id=org_id,
        subject=f"alert:{alert.id}",
        alert_id=alert.id,
        account_id=account.id,
        issue_id="1",
        issue_key="SECRET-1",
        summary="secret-ticket",
    )
    report = documents.StatusReport(
        org_id=org_id,
        name="secret-report",
        channel_id=PydanticObjectId(),
        kinds=[StatusKind.COSTS],
        every=ReportEvery.DAY,
        at="08:00",
        zone="UTC",
    )
    for document in (rule, task, report):
        await document.insert()
    return {"TicketRule": rule, "JiraTask": task, "StatusReport": report}


def make_audit(tenant: Tenant) -> tuple[documents.AuditEntry, documents.AuditExport]:
    """An entry, which stands in no chain, and a failed export."""
    org_id, now = tenant.organization.id, utc_now()
    entry = documents.AuditEntry(
        org_id=org_id,
        seq=1_000_000,
        at=now,
        action="secret.action",
        actor="user:secret-actor",
        target="thing:secret-target",
        outcome=Outcome.DONE,
        prev_hash="0" * 64,
        hash="0" * 64,
    )
    export = documents.AuditExport(
        org_id=org_id,
        format=AuditFormat.CSV,
        at_from=now,
        at_before=now,
        state=AuditExportState.FAILED,
        problem="secret-problem",
        requested_by="user:secret-actor",
        expires_at=now + timedelta(days=7),
    )
    return entry, export
