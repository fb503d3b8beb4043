"""What a job is handed by its worker."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection

from auth.notice_action import NoticeActions
from connectors.channels.mail import Post
from connectors.dns import Records
from connectors.guard import Guards
from connectors.timestamping import Stamper
from documents.audit_key import AuditKey
from documents.evidence import PackStore
from documents.one_time_token import OneTimeTokens
from documents.vault import Vault
from jobs.forecasting.pool import ProcessPool
from jobs.queue import Queue
from jobs.writer import Writer


@dataclass(frozen=True, kw_only=True)
class JobContext:
    """One per worker process. `event_retention`: how long the event log is kept. `evidence_retention`: how long raw
    answers are kept after they were last read.

    The first of `audit_keys` signs segments of the audit log; `audit_entries` is the log under a database user who may
    delete there.
    `guards` makes the guard that each account is read through.
    `allow_private_endpoints`: whether accounts may name endpoints inside private networks. `authorities` replaces where
    the keys that prove events are fetched from (connectors.intake.receiver.Surroundings). `public_url`: what links in
    mails and messages begin with. `cost_fetch_bytes` bounds what is fetched of one month's bill, into files below
    `cost_fetch_directory`, the system's own for such things if None. `actions` seals what buttons in channels stand
    for. `texts_of`: the TXT records of a name in DNS.
    mails and messages begin with. `actions` seals what buttons in channels stand for. `texts_of`: the TXT records of a
    name in DNS. `pool`: processes for long arithmetic. `pack_store`: where evidence lies besides MongoDB.
    `stamper`: the time authority that stamps its checkpoints.
    """

    writer: Writer
    queue: Queue
    vault: Vault
    now: Callable[[], datetime]
    event_retention: timedelta
    evidence_retention: timedelta
    allow_private_endpoints: bool
    audit_keys: tuple[AuditKey, ...]
    audit_entries: AsyncCollection[dict[str, Any]]
    one_time_tokens: OneTimeTokens
    guards: Guards
    post: Post
    public_url: str
    actions: NoticeActions
    texts_of: Callable[[str], Awaitable[list[str]]] = Records().texts
    authorities: Mapping[str, str] = field(default_factory=dict)
    cost_fetch_bytes: int = 5 * 1024**3
    cost_fetch_directory: Path | None = None
    pool: ProcessPool = field(default_factory=ProcessPool)
    pack_store: PackStore | None = None
    stamper: Stamper | None = None

    @property
    def audit_key(self) -> AuditKey:
        return self.audit_keys[0]
