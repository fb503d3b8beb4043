"""Names of the jobs and how they are asked for: a row in the outbox, relayed to arq. Nothing else enqueues."""

from typing import Any

import orjson
import structlog
from arq.connections import ArqRedis
from beanie import PydanticObjectId
from bson import ObjectId
from redis.exceptions import RedisError

from documents.access_review import AccessReview
from documents.account import Account
from documents.audit_export import AuditExport
from documents.audit_pack import AuditPack
from documents.cost_export import CostExport
from documents.cost_source import CostSource
from documents.delivery import DELIVER as DELIVER
from documents.delivery import DELIVERIES as DELIVERIES
from documents.identity_provider import IdentityProvider
from documents.intake_endpoint import IntakeEndpoint
from documents.jira_task import RECONCILE_TICKETS as RECONCILE_TICKETS
from documents.jira_task import SYNC_TICKET as SYNC_TICKET
from documents.mail import OutgoingMail
from documents.outbox import DISPATCH_EVENTS as DISPATCH_EVENTS
from documents.outbox import QUICK as QUICK
from documents.outbox import SEND_MAIL as SEND_MAIL
from documents.outbox import SLOW as SLOW
from documents.outbox import relay_outbox
from documents.received_event import PROCESS_EVENTS as PROCESS_EVENTS
from documents.remediation_policy import RemediationPolicy
from documents.remediation_policy_run import RemediationPolicyRun
from documents.status_report import SEND_STATUS_REPORT as SEND_STATUS_REPORT
from documents.sync_parking import parked_run, unpark_run
from documents.sync_run import SyncRun, announce_sync, open_run, widen_run
from documents.transaction import Transaction
from documents.verified_domain import VerifiedDomain

log = structlog.get_logger()

# Syncs say while they run that they do, so theirs need not wait.
SYNCS = "cloudwatcher:syncs"

# What waits for messages in other people's queues must not keep anything else waiting.
PULLS = "cloudwatcher:pulls"

SYNC_ACCOUNT = "sync_account"
CHECK_BUDGETS = "check_budgets"
DETECT_ANOMALIES = "detect_anomalies"
FORECAST_COSTS = "forecast_costs"
EXPORT_AUDIT = "export_audit"
EXPORT_COSTS = "export_costs"
MAKE_AUDIT_PACK = "make_audit_pack"
CHECK_IDENTITY_PROVIDER = "check_identity_provider"
VERIFY_DOMAIN = "verify_domain"
ERASE_ORGANIZATION = "erase_organization"
RECORD_VISITS = "record_visits"
DISCONNECT_ACCOUNT = "disconnect_account"
DISCOVER_MEMBERS = "discover_members"
PULL_EVENTS = "pull_events"
FETCH_COSTS = "fetch_costs"
ALLOCATE_COSTS = "allocate_costs"
JUDGE_CONTROLS = "judge_controls"
JUDGE_ASKED = "judge_asked"
LIST_ACCESS = "list_access"
LOOK_AT_PAGES = "look_at_pages"
RUN_REMEDIATION = "run_remediation"
RUN_REMEDIATION_POLICY = "run_remediation_policy"
LOOK_FOR_FINDINGS = "look_for_findings"


def dumps(value: dict[str, Any]) -> bytes:
    """JSON, never pickle: whoever can write to Redis must not run code here."""
    return orjson.dumps(value, default=str)


def loads(data: bytes) -> dict[str, Any]:
    """The job as it was sent."""
    value: dict[str, Any] = orjson.loads(data)
    return value


def ask_sync(tx: Transaction, run: SyncRun) -> None:
    """Ask for the sync of an opened run. The run's id makes the job unique."""
    args = {"org_id": str(run.org_id), "run_id": str(run.id)}
    tx.enqueue(SYNC_ACCOUNT, queue=SYNCS, key=str(run.id), args=args)


async def request_sync(tx: Transaction, account: Account) -> SyncRun:
    """The sync of this account that is under way, else a new one that is asked for and announced.

    A narrow one that is under way reads the rest too, unless one that does has stepped aside for it.
    """
    parked = await parked_run(account, tx.session)
    if parked is not None:
        return parked
    run, is_new = await open_run(account, tx.session)
    if not is_new:
        return await widen_run(run, tx.session)
    ask_sync(tx, run)
    announce_sync(tx, run)
    return run


async def request_narrow_sync(tx: Transaction, account: Account) -> None:
    """Ask for a sync of what was touched, unless one is under way: its end asks for the next."""
    run, is_new = await open_run(account, tx.session, is_narrow=True)
    if is_new:
        ask_sync(tx, run)
        announce_sync(tx, run)


async def resume_parked(tx: Transaction, account_id: PydanticObjectId | None) -> None:
    """Have the sync of an account go on that has stepped aside for one that has ended, if there is one."""
    run = await unpark_run(account_id, tx.session)
    if run is not None:
        ask_sync(tx, run)


def ask_dispatch(tx: Transaction, org_id: ObjectId) -> None:
    """Ask anew for what follows from the events of an organization."""
    tx.enqueue(DISPATCH_EVENTS, queue=QUICK, key=str(org_id), args={"org_id": str(org_id)})


def ask_budget_check(tx: Transaction, org_id: PydanticObjectId) -> None:
    """Ask for a look at all budgets of an organization. Asks that come before it starts become one."""
    tx.enqueue(CHECK_BUDGETS, queue=QUICK, key=str(org_id), args={"org_id": str(org_id)})


def ask_anomaly_scan(tx: Transaction, org_id: ObjectId) -> None:
    """Ask for a look for anomalies in an organization's costs. Asks that come before it starts become one."""
    tx.enqueue(DETECT_ANOMALIES, queue=SLOW, key=str(org_id), args={"org_id": str(org_id)})


def ask_checks(tx: Transaction, org_id: ObjectId) -> None:
    """Ask for the controls of an organization to be judged. Asks that come before it starts become one."""
    tx.enqueue(JUDGE_CONTROLS, queue=SLOW, key=str(org_id), args={"org_id": str(org_id)})


def ask_wanted_checks(
    tx: Transaction, org_id: ObjectId, request_id: str, control_ids: list[str], account_id: str | None
) -> None:
    """Ask for these controls, or all, to be judged now in an account, or everywhere. The id makes the job unique."""
    args = {"org_id": str(org_id), "request_id": request_id, "control_ids": control_ids, "account_id": account_id}
    tx.enqueue(JUDGE_ASKED, queue=SLOW, key=request_id, args=args)


def ask_access_list(tx: Transaction, review: AccessReview) -> None:
    """Ask for who has access to be taken down for a review. Its id makes the job unique."""
    args = {"org_id": str(review.org_id), "review_id": str(review.id)}
    tx.enqueue(LIST_ACCESS, queue=SLOW, key=str(review.id), args=args)


def ask_remediation(tx: Transaction, org_id: object, remediation_id: object, occasion: str) -> None:
    """Ask for a remediation to be moved on. Of several workers that do so one goes on, whatever the `occasion`."""
    args = {"org_id": str(org_id), "remediation_id": str(remediation_id)}
    tx.enqueue(RUN_REMEDIATION, queue=SYNCS, key=f"{remediation_id}:{occasion}", args=args)


def ask_policy_run(tx: Transaction, run: RemediationPolicyRun) -> None:
    """Ask for a run of a policy that was stored. Its id makes the job unique."""
    args = {"org_id": str(run.org_id), "run_id": str(run.id)}
    tx.enqueue(RUN_REMEDIATION_POLICY, queue=SLOW, key=str(run.id), args=args)


def ask_findings_look(tx: Transaction, policy: RemediationPolicy, account_id: ObjectId, sync_id: ObjectId) -> None:
    """Ask a policy to look for new findings in an account. Asks that come before it starts become one."""
    args = {"org_id": str(policy.org_id), "policy_id": str(policy.id), "account_id": str(account_id)}
    key = f"{policy.id}:{account_id}"
    tx.enqueue(LOOK_FOR_FINDINGS, queue=SLOW, key=key, args={**args, "sync_id": str(sync_id)})


def ask_checks_of(tx: Transaction, org_id: ObjectId, control_ids: list[str]) -> None:
    """Ask for these controls to be judged everywhere, because what people keep for them has changed."""
    ask_wanted_checks(tx, org_id, str(ObjectId()), control_ids, None)


def ask_allocation(tx: Transaction, org_id: ObjectId) -> None:
    """Ask for who owes what of every open month that changed. Asks that come before it starts become one."""
    tx.enqueue(ALLOCATE_COSTS, queue=SLOW, key=str(org_id), args={"org_id": str(org_id)})


def ask_forecast(tx: Transaction, org_id: PydanticObjectId | ObjectId) -> None:
    """Ask for the costs of an organization to be forecast anew. Asks that come before it starts become one."""
    tx.enqueue(FORECAST_COSTS, queue=SLOW, key=str(org_id), args={"org_id": str(org_id)})


def ask_audit_export(tx: Transaction, export: AuditExport) -> None:
    """Ask for the making of an export that was stored. Its id makes the job unique."""
    args = {"org_id": str(export.org_id), "export_id": str(export.id)}
    tx.enqueue(EXPORT_AUDIT, queue=SLOW, key=str(export.id), args=args)


def ask_cost_export(tx: Transaction, export: CostExport) -> None:
    """Ask for the making of a file of costs that was stored. Its id makes the job unique."""
    args = {"org_id": str(export.org_id), "export_id": str(export.id)}
    tx.enqueue(EXPORT_COSTS, queue=SLOW, key=str(export.id), args=args)


def ask_audit_pack(tx: Transaction, pack: AuditPack) -> None:
    """Ask for the making of a pack for auditors that was stored. Its id makes the job unique."""
    args = {"org_id": str(pack.org_id), "pack_id": str(pack.id)}
    tx.enqueue(MAKE_AUDIT_PACK, queue=SLOW, key=str(pack.id), args=args)


def ask_mail_again(tx: Transaction, mail: OutgoingMail) -> None:
    """Ask anew for a mail whose job is lost."""
    tx.enqueue(SEND_MAIL, queue=QUICK, key=str(mail.id), args={"mail_id": str(mail.id)})


def ask_provider_check(tx: Transaction, provider: IdentityProvider) -> None:
    """Ask for a look at what an identity provider says of itself."""
    args = {"org_id": str(provider.org_id), "provider_id": str(provider.id)}
    tx.enqueue(CHECK_IDENTITY_PROVIDER, queue=QUICK, key=str(provider.id), args=args)


def ask_domain_check(tx: Transaction, domain: VerifiedDomain) -> None:
    """Ask for a look at the record that proves a domain."""
    args = {"org_id": str(domain.org_id), "domain_id": str(domain.id)}
    tx.enqueue(VERIFY_DOMAIN, queue=QUICK, key=str(domain.id), args=args)


def ask_page_looks(tx: Transaction, org_id: ObjectId, store_id: object) -> None:
    """Ask for a look at the pages of patients of a store of data. Asks that come before it starts become one."""
    tx.enqueue(LOOK_AT_PAGES, queue=SLOW, key=str(store_id), args={"org_id": str(org_id), "store_id": str(store_id)})


def ask_visits(tx: Transaction, msp_id: PydanticObjectId, access_id: PydanticObjectId | None) -> None:
    """Ask for a stay of a provider's person to be written down in the clients it is in, or has been in."""
    args = {"org_id": str(msp_id), "access_id": str(access_id)}
    tx.enqueue(RECORD_VISITS, queue=SLOW, key=str(access_id), args=args)


def ask_erasure(tx: Transaction, org_id: PydanticObjectId) -> None:
    """Ask for everything of a deleted organization to be erased."""
    tx.enqueue(ERASE_ORGANIZATION, queue=SLOW, key=str(org_id), args={"org_id": str(org_id)})


def ask_disconnect(tx: Transaction, account: Account) -> None:
    """Ask for what was read of a disconnected account to be taken away."""
    args = {"org_id": str(account.org_id), "account_id": str(account.id)}
    tx.enqueue(DISCONNECT_ACCOUNT, queue=SLOW, key=str(account.id), args=args)


def ask_discovery(tx: Transaction, account: Account) -> None:
    """Ask for a look at which accounts an organization has besides this one."""
    args = {"org_id": str(account.org_id), "account_id": str(account.id)}
    tx.enqueue(DISCOVER_MEMBERS, queue=SLOW, key=str(account.id), args=args)


def ask_pull(tx: Transaction, endpoint: IntakeEndpoint) -> None:
    """Ask for the reading of a queue that events are fetched from. The endpoint's id makes the job unique."""
    args = {"org_id": str(endpoint.org_id), "endpoint_id": str(endpoint.id)}
    tx.enqueue(PULL_EVENTS, queue=PULLS, key=str(endpoint.id), args=args)


def ask_fetch(tx: Transaction, source: CostSource) -> None:
    """Ask for the bills of a source to be fetched. Its id makes the job unique."""
    args = {"org_id": str(source.org_id), "source_id": str(source.id)}
    tx.enqueue(FETCH_COSTS, queue=SYNCS, key=str(source.id), args=args)


class Queue:
    """The way from the outbox to arq."""

    def __init__(self, redis: ArqRedis) -> None:
        self._redis = redis

    async def relay(self) -> int:
        """Hand over what waits; returns how many jobs. While Redis is away they keep waiting."""
        try:
            return await relay_outbox(self._push)
        except (RedisError, OSError) as error:
            log.warning("outbox_waits", reason=str(error))
            return 0

    async def _push(self, job: dict[str, Any]) -> bool:
        """False when arq still has a job of this id: it may be past the change this ask is about; ask again later."""
        taken = await self._redis.enqueue_job(
            job["function"], _job_id=job["_id"], _queue_name=job["queue"], **job["args"]
        )
        return taken is not None
