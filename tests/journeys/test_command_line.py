"""The commands as a person runs them: real processes against real servers."""

import asyncio
import sys
from pathlib import Path

import pytest

from app.settings import Settings, environment_for_children
from app.wiring import Backend
from documents.transaction import Transaction
from domain.facts.cost_source import CostSourceKind
from tests.factories.cost_source import AwsExport, make_source, rows_of
from tests.factories.factor import code as code_of
from tests.factories.factor import enrol_totp
from tests.factories.graph import Graph
from tests.factories.tenant import PASSWORD, Tenant, make_tenant
from tests.fakes.aws import Moto, credentials
from tests.integration.test_costs import COLUMNS, row
from tests.journeys.test_nothing_is_lost import one_alert

ROOT = Path(__file__).parents[2]


async def run(settings: Settings, *arguments: str, database: str | None = None, typed: str = "") -> tuple[int, str]:
    """(exit code, everything printed) of one command; `typed` is what a person answers when asked."""
    env = environment_for_children(settings)
    env["CLOUDWATCHER_MONGODB_DATABASE"] = database or settings.mongodb_database
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.cli.main",
        *arguments,
        env={**env, "COLUMNS": "200"},
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate(typed.encode())
    assert process.returncode is not None
    return process.returncode, printed.decode()


async def test_two_migrations_at_once_and_a_third_leave_everything_in_place(backend: Backend) -> None:
    fresh = "cloudwatcher_migrated_twice"

    both = await asyncio.gather(*(run(backend.settings, "migrate", database=fresh) for _ in range(2)))
    third = await run(backend.settings, "migrate", database=fresh)

    assert [code for code, _ in both] == [0, 0], both
    assert third == (0, "Everything was in place already.\n")
    await backend.client.drop_database(fresh)


async def test_the_doctor_finds_nothing_to_mend_and_shows_no_secret(backend: Backend) -> None:
    code, printed = await run(backend.settings, "doctor")

    assert code == 0, printed
    assert "all there" in printed
    password = backend.settings.mongodb_url.get_secret_value().split("@")[0].split(":")[-1]  # type: ignore[union-attr]
    assert password not in printed


async def test_the_doctor_says_what_to_do_about_missing_indexes(backend: Backend) -> None:
    code, printed = await run(backend.settings, "doctor", database="cloudwatcher_never_migrated")

    assert code == 1
    assert "run `cloudwatcher migrate`" in printed


async def test_bills_are_imported_replaced_and_recognised(backend: Backend, tmp_path: Path) -> None:
    tenant = await make_tenant(backend)
    bill = tmp_path / "bill.csv"
    bill.write_text("\n".join([COLUMNS, row("2026-01-05", "1.5"), row("2026-01-06", "2.5")]) + "\n")
    named = ("--organization", tenant.org_id, str(bill))

    first = await run(backend.settings, "import-costs", *named)
    again = await run(backend.settings, "import-costs", *named)
    bill.write_text("\n".join([COLUMNS, row("2026-01-05", "7")]) + "\n")
    replaced = await run(backend.settings, "import-costs", *named)

    assert first[0] == 0, first
    assert "2 rows, 4.0 USD billed" in first[1]
    assert "Nothing was new" in again[1]
    assert "1 rows, 7 USD billed, replacing 2 rows" in replaced[1]


async def test_a_bad_bill_is_refused_with_its_row_and_column(backend: Backend, tmp_path: Path) -> None:
    tenant = await make_tenant(backend)
    bill = tmp_path / "bill.csv"
    bill.write_text("\n".join([COLUMNS, row("2026-01-05", "1.5"), row("2026-01-06", "plenty")]) + "\n")

    code, printed = await run(backend.settings, "import-costs", "--organization", tenant.org_id, str(bill))

    assert code == 1
    assert "nothing was changed" in printed
    assert "row 2" in printed
    assert "BilledCost" in printed
    assert await backend.database["cost_lines"].count_documents({"org_id": tenant.organization.id}) == 0


async def test_bills_are_fetched_from_where_they_are_delivered(backend: Backend, tmp_path: Path) -> None:
    tenant = await make_tenant(backend)
    named = ("--organization", tenant.org_id)
    with Moto().served() as moto:
        export = AwsExport(moto.client("s3"), tmp_path)
        kind = CostSourceKind.AWS_DATA_EXPORT
        await make_source(backend, tenant, kind, credentials(moto.url), export.settings)
        export.deliver("2026-09", rows_of("2026-09", "1.5"))
        export.put("2026-10", 1, rows_of("2026-10", "2"))
        first = await run(backend.settings, "fetch-costs", *named)
        again = await run(backend.settings, "fetch-costs", *named)
        moto.fail("s3.ListObjectsV2", 403, "AccessDenied")
        refused = await run(backend.settings, "fetch-costs", *named)
        missing = await run(backend.settings, "fetch-costs", *named, "--source", "another")

    assert (first[0], again[0], refused[0], missing[0]) == (0, 0, 1, 1)
    assert "loaded 2026-09" in first[1]
    assert "2026-10 waits for the manifest" in first[1]
    assert "nothing was new" in again[1]
    assert "The permission s3:ListBucket is missing" in refused[1]
    assert f"There are: s3://{export.bucket}/exports/focus" in missing[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--organization", "No such company", "x.csv"), "no such organization"),
        (("--fill", "nonsense", "x.csv"), "Column=value"),
        (("--organization", "000000000000000000000000", "x.csv"), "no such organization"),
    ],
)
async def test_a_wrong_option_is_one_plain_sentence(backend: Backend, arguments: tuple[str, ...], says: str) -> None:
    code, printed = await run(backend.settings, "import-costs", *arguments)

    assert code == 1
    assert says in printed
    assert "Traceback" not in printed


async def test_watch_signs_in_and_shows_what_was_raised(backend: Backend, address: str) -> None:
    tenant = await make_tenant(backend)

    raising = asyncio.create_task(raise_for_a_while(backend, tenant))
    code, printed = await run(
        backend.settings,
        "watch",
        "--url",
        address,
        "--email",
        tenant.user.email,
        "--password",
        PASSWORD,
        "--count",
        "2",
    )
    raising.cancel()

    assert code == 0, printed
    assert printed.count("HIGH") == 2
    assert "Go on later with --after" in printed


async def raise_for_a_while(backend: Backend, tenant: Tenant) -> None:
    for number in range(1, 200):
        await asyncio.sleep(0.2)
        await backend.writer.commit(lambda tx, n=number: alert(tx, tenant, n))


async def alert(tx: Transaction, tenant: Tenant, number: int) -> None:
    await one_alert(tx, tenant, number)


async def test_watch_says_that_the_password_is_wrong(backend: Backend, address: str) -> None:
    tenant = await make_tenant(backend)

    code, printed = await run(
        backend.settings, "watch", "--url", address, "--email", tenant.user.email, "--password", "wrong"
    )

    assert code == 1
    assert "The address or the password is wrong." in printed


async def test_watch_asks_for_the_second_factor(backend: Backend, address: str, graph: Graph) -> None:
    tenant = await make_tenant(backend)
    secret, recovery = await enrol_totp(graph, tenant.token)
    raising = asyncio.create_task(raise_for_a_while(backend, tenant))
    common = ("watch", "--url", address, "--email", tenant.user.email, "--password", PASSWORD, "--count", "1")

    with_code = await run(backend.settings, *common, typed=f"{code_of(secret)}\n")
    with_recovery = await run(backend.settings, *common, typed=f"{recovery[0]}\n")
    with_neither = await run(backend.settings, *common, typed="000 00x\n")
    raising.cancel()

    assert [status for status, _ in (with_code, with_recovery, with_neither)] == [0, 0, 1], (with_code, with_recovery)
    assert "The code is wrong." in with_neither[1]
