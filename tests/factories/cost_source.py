"""Cost sources with a connected account behind them, and exports as AWS and Azure lay them down."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from bson import ObjectId

import documents
from app.wiring import Backend
from app.worker import options
from documents import AccountState
from documents.account import sealed
from documents.base import utc_now
from documents.cost_source import CostSource
from domain.facts.cost_source import CostSourceKind
from domain.facts.cost_source_settings import SETTINGS_OF, place_of
from jobs.tasks.fetch_costs import fetch_costs
from tests.factories.focus import focus_row, write_csv
from tests.factories.tenant import Tenant

EXPORT = "exports/focus"
MONTHS = {
    "2026-09": ("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z"),
    "2026-10": ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
    "2026-11": ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
}


async def make_source(
    backend: Backend, tenant: Tenant, kind: CostSourceKind, credentials: Any, settings: Mapping[str, Any]
) -> CostSource:
    """A source of an account of its own that these credentials open. It is not due."""
    plain = credentials.revealed() if hasattr(credentials, "revealed") else credentials.model_dump(mode="json")
    cipher = await backend.vault.seal(tenant.org_id, orjson.dumps(plain).decode())
    account = documents.Account(
        org_id=tenant.organization.id,
        provider=kind.provider,
        native_id=secrets.token_hex(6),
        name="Payer",
        state=AccountState.CONNECTED,
        credentials=sealed(cipher),
        next_sync_at=utc_now() + timedelta(days=365),
    )
    await account.insert()
    checked = SETTINGS_OF[kind].model_validate(settings)
    place = place_of(kind, checked, account.native_id or "")
    source = CostSource(
        org_id=tenant.organization.id,
        account_id=account.id,
        kind=kind,
        name=place,
        settings=checked.model_dump(mode="json"),
        place=place,
        fetch_every=kind.usual_cadence,
        next_fetch_at=utc_now() + timedelta(days=365),
    )
    await source.insert()
    return source


def context_of(backend: Backend, **changes: Any) -> dict[str, Any]:
    """What a job is handed, with other fields of its context."""
    return {"context": replace(options(backend)["ctx"]["context"], **changes)}


async def fetch(backend: Backend, source: CostSource, **changes: Any) -> tuple[str, CostSource]:
    """Run the job; what it says, and the source as it is then."""
    said = await fetch_costs(context_of(backend, **changes), org_id=str(source.org_id), source_id=str(source.id))
    return said, await again(source)


async def again(source: CostSource) -> CostSource:
    raw = await CostSource.rows().find_one({"_id": ObjectId(str(source.id))})
    assert raw is not None
    return CostSource.stored(raw)


def rows_of(month: str, *billed: str, **columns: str) -> list[dict[str, str]]:
    """A row for each amount, on the second day of the month."""
    start, end = MONTHS[month]
    period = {"BillingPeriodStart": start, "BillingPeriodEnd": end}
    charge = {"ChargePeriodStart": f"{month}-02T00:00:00Z", "ChargePeriodEnd": f"{month}-03T00:00:00Z"}
    return [focus_row(BilledCost=amount, **period, **charge, **columns) for amount in billed]


class AwsExport:
    """An export in a bucket of moto, laid down as Data Exports does in its overwrite mode."""

    def __init__(self, client: Any, folder: Path) -> None:
        self.client, self._folder = client, folder
        self.bucket = f"bills-{secrets.token_hex(4)}"
        client.create_bucket(Bucket=self.bucket)

    @property
    def settings(self) -> dict[str, Any]:
        return {"bucket": self.bucket, "prefix": EXPORT}

    def deliver(self, month: str, *files: Sequence[Mapping[str, str]], run: str = "") -> None:
        """Files first, the manifest last. `run` is the folder of a run where each is kept."""
        keys = [self.put(month, number, rows, run) for number, rows in enumerate(files, 1)]
        self.manifest(month, keys, run)

    def put(self, month: str, number: int, rows: Sequence[Mapping[str, str]], run: str = "") -> str:
        """One file of a month; its key."""
        path = write_csv(self._folder / "part.csv.gz", rows)
        key = f"{EXPORT}/data/BILLING_PERIOD={month}/{run}focus-{number:05d}.csv.gz"
        self.client.put_object(Bucket=self.bucket, Key=key, Body=path.read_bytes())
        return key

    def manifest(self, month: str, keys: Sequence[str], run: str = "") -> str:
        """The manifest that names these files; its key."""
        key = f"{EXPORT}/metadata/BILLING_PERIOD={month}/{run}focus-Manifest.json"
        body = {"exportName": "focus", "dataFiles": [f"s3://{self.bucket}/{key}" for key in keys]}
        self.client.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(body).encode())
        return key


def azure_manifest(month: str, blobs: Mapping[str, bytes]) -> bytes:
    """As Cost Management writes it beside partitioned files."""
    named = [{"blobName": name, "byteCount": len(content), "dataRowCount": 1} for name, content in blobs.items()]
    run = {"executionType": "Scheduled", "startDate": f"{month}-01T00:00:00", "runId": "run"}
    body = {"manifestVersion": "2024-04-01", "blobCount": len(named), "runInfo": run, "blobs": named}
    return json.dumps(body).encode()


def azure_folder(month: str) -> str:
    """Where the files of a month lie."""
    first = date.fromisoformat(f"{month}-01")
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return f"{EXPORT}/{first:%Y%m%d}-{last:%Y%m%d}/run"


def gzipped(rows: Sequence[Mapping[str, str]], folder: Path) -> bytes:
    """Rows as a file that a provider delivers."""
    return write_csv(folder / "part.csv.gz", rows).read_bytes()


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
