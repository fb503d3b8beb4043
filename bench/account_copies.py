"""An AWS account of any size: what moto's account answers, many times over, each time under other names."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import documents
from app.wiring import Backend
from connectors.clouds.aws import registration
from connectors.reading.sink import PartKey, RawAnswer
from documents import AccountState, OrganizationKind
from documents.base import utc_now
from documents.evidence import keep_pack
from documents.organization import open_organization
from documents.sync_read import ReadState, SyncRead, record_read, stored_gaps
from documents.sync_run import SyncRun, SyncState
from domain.facts.provider import Provider
from domain.facts.resource import ResourceKind
from jobs.evidence_packer import EvidencePacker
from tests.factories import aws_account
from tests.factories.aws_governance import fill_governance
from tests.fakes.aws import ACCOUNT, Moto, credentials
from tests.fakes.collecting import Collected, survey

KEPT = timedelta(days=1)
# Shorter ones stand in other words too.
SHORTEST_NAME = 4
# Of the account with one of each thing those that the governed one does not have already.
PARTS = (
    aws_account.buckets,
    aws_account.machines,
    aws_account.networks,
    aws_account.balancers,
    aws_account.databases,
    aws_account.tables,
    aws_account.containers,
    aws_account.functions,
    aws_account.web,
    aws_account.backups,
    aws_account.say_what_moto_cannot,
)
Rename = Callable[[Any, int], Any]


async def record_account(backend: Backend, resources: int) -> str:
    """Store an account with about so many resources as a sync that has just ended; says what came of it."""
    with Moto().served() as moto:
        moto.reset()
        fill_governance(moto)
        for part in PARTS:
            part(moto)
        collected, _ = await survey(registration.REGISTRATION, credentials(moto.url))
    copies = max(1, round(resources / len(collected.found)))
    run = await _opened(backend)
    answers = 0
    for part, gaps in collected.parts.items():
        own = [raw for raw in collected.answers if raw.part == part]
        answers += await _recorded(run, part, own, renamer(collected), copies, stored_gaps(gaps))
    operations = len({raw.operation for raw in collected.answers})
    return f"{len(collected.found) * copies:,} resources in {answers:,} answers of {operations} operations"


def renamer(collected: Collected) -> Rename:
    """Gives names of things in any value the number of their copy; the first copy keeps its own."""
    names = {one.native_id for one in collected.found if one.kind is not ResourceKind.AWS_ACCOUNT}
    names |= {one.name for one in collected.found if one.name}
    long = sorted((name for name in names if len(name) >= SHORTEST_NAME and name != ACCOUNT), key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, long))})(?![\w-])")

    def rename(value: Any, number: int) -> Any:
        if isinstance(value, str):
            return pattern.sub(rf"\g<1>-{number}", value) if number else value
        if isinstance(value, dict):
            return {key: rename(one, number) for key, one in value.items()}
        return [rename(one, number) for one in value] if isinstance(value, list | tuple) else value

    return rename


def copied(own: list[RawAnswer], rename: Rename, copies: int) -> Iterator[RawAnswer]:
    """Each answer as often; copies of a list are its further pages, and what names nothing is there once."""
    pages: defaultdict[tuple[str, str], int] = defaultdict(int)
    for number in range(copies):
        for raw in own:
            arguments, answer = rename(raw.arguments, number), rename(raw.answer, number)
            if number and answer == raw.answer and arguments == raw.arguments:
                continue
            asked = (raw.operation, repr(arguments))
            yield replace(raw, arguments=arguments, answer=answer, page=pages[asked])
            pages[asked] += 1


async def _recorded(
    run: SyncRun, part: PartKey, own: list[RawAnswer], rename: Rename, copies: int, gaps: list[dict[str, Any]]
) -> int:
    now, pages = utc_now(), 0
    with closing(EvidencePacker()) as packer:
        for raw in copied(own, rename, copies):
            packer.add(raw)
            pages += 1
        evidence = [await keep_pack(run.org_id, text, now=now, retention=KEPT) for text in packer.packs()]
        read = SyncRead(
            org_id=run.org_id,
            account_id=run.account_id,
            sync_id=run.id,
            operation=part.operation,
            region=part.region,
            state=ReadState.INCOMPLETE if gaps else ReadState.COMPLETE,
            gaps=gaps,
            pages=pages,
            items=pages,
            evidence=evidence,
            redactions=dict(packer.redacted),
            started_at=now,
            ended_at=now,
        )
    await record_read(read)
    return pages


async def _opened(backend: Backend) -> SyncRun:
    """A connected account, and its sync that has ended."""
    organization = await backend.writer.commit(
        lambda tx: open_organization("Bench", OrganizationKind.COMPANY, msp_id=None, session=tx.session)
    )
    account = documents.Account(
        org_id=organization.id,
        provider=Provider.AWS,
        native_id=ACCOUNT,
        name="Large",
        state=AccountState.CONNECTED,
        next_sync_at=utc_now() + KEPT,
    )
    await account.insert()
    run = SyncRun(
        org_id=organization.id, account_id=account.id, state=SyncState.SUCCEEDED, with_costs=True, ended_at=utc_now()
    )
    await run.insert()
    return run
