"""`python -m bench rules`: a large AWS account judged by every rule, from the store, as a sync does it at its end.

The resources are those of an account that moto holds, stored many times over under other names, in a process of their
own. Reading the account is not counted, nor is storing what was found.
"""

import argparse
import asyncio
import multiprocessing
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import documents
from app.embedded.servers import EmbeddedServers, ServerUrls
from app.wiring import open_backend
from bench.account_copies import PARTS, renamer
from bench.controls import settings_of
from bench.import_costs import Watch
from bench.sync_scale import Memory, resident
from connectors.clouds.aws import registration
from documents import AccountState, OrganizationKind
from documents.base import utc_now
from documents.database import migrate
from documents.organization import open_organization
from domain.facts.inventory import Coverage
from domain.facts.provider import Provider
from domain.facts.resource import Resource, ResourceKind
from domain.rules.judgement import Verdict
from domain.rules.registry import all_rules
from jobs.judging import judge_account
from tests.factories.aws_governance import fill_governance
from tests.fakes.aws import ACCOUNT, Moto, credentials
from tests.fakes.collecting import survey


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench rules", description=__doc__)
    parser.add_argument("--resources", type=int, default=50_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, EmbeddedServers(Path(name) / "servers") as servers:
        storing = multiprocessing.get_context("spawn").Process(
            target=_store, args=(servers.urls, Path(name), asked.resources)
        )
        storing.start()
        storing.join()
        if storing.exitcode:
            raise SystemExit("The account could not be stored; the lines above say why.")
        asyncio.run(_measured(servers.urls, Path(name)))


def _store(urls: ServerUrls, folder: Path, resources: int) -> None:
    async def run() -> None:
        async with open_backend(settings_of(urls, folder)) as backend:
            await migrate(backend.client, backend.settings.mongodb_database)
            with Moto().served() as moto:
                moto.reset()
                fill_governance(moto)
                for part in PARTS:
                    part(moto)
                collected, _ = await survey(registration.REGISTRATION, credentials(moto.url))
            organization = await backend.writer.commit(
                lambda tx: open_organization("Bench", OrganizationKind.COMPANY, msp_id=None, session=tx.session)
            )
            account = documents.Account(
                org_id=organization.id,
                provider=Provider.AWS,
                native_id=ACCOUNT,
                name="Bench",
                state=AccountState.CONNECTED,
            )
            await account.insert()
            rename, stored, number = renamer(collected), 0, 0
            ones = list({(one.kind, one.native_id): one for one in collected.found}.values())
            while stored < resources:
                # What has no name of its own, such as the account, is there once.
                copies = [Resource.model_validate(rename(one.model_dump(mode="json"), number)) for one in ones]
                rows = [
                    _row(account, copy)
                    for one, copy in zip(ones, copies, strict=True)
                    if number == 0 or copy.native_id != one.native_id
                ]
                await documents.Resource.rows().insert_many(rows)
                stored, number = stored + len(rows), number + 1

    asyncio.run(run())


def _row(account: documents.Account, one: Resource) -> dict[str, Any]:
    fields = one.model_dump(mode="json", exclude={"created_at", "unread"})
    now = utc_now()
    own = {"org_id": account.org_id, "account_id": account.id, "is_gone": False, "first_seen_at": now}
    return {**fields, **own, "created_at": now, "made_at": one.created_at, "unread": sorted(one.unread)}


async def _measured(urls: ServerUrls, folder: Path) -> None:
    async with open_backend(settings_of(urls, folder)):
        raw = await documents.Account.rows().find_one({})
        assert raw is not None
        account, before = documents.Account.stored(raw), resident()
        stored = await documents.Resource.rows().count_documents({})
        kinds = await documents.Resource.rows().distinct("kind")
        every = Coverage({(kind, None) for kind in ResourceKind})
        with (watch := Watch()), Memory() as memory:
            judged = await judge_account(account, every, lambda *_: True, set(), utc_now())
        fired = [one for one in judged.inventory.judgements if one.verdict is Verdict.FIRES]
        print(f"{stored:,} resources of {len(kinds)} kinds, {len(all_rules())} rules")
        print(f"judged in {watch.seconds:.1f} s, {watch.cpu:.1f} s of processor time here")
        print(f"memory {before:.0f} MiB before, {memory.most:.0f} MiB at most")
        most = Counter(one.rule.id for one in fired).most_common(5)
        print(f"{len(fired):,} findings of {len({one.rule.id for one in fired})} rules; most of", dict(most))


if __name__ == "__main__":
    main()
