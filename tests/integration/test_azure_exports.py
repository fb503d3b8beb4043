"""Exports of Azure in Blob Storage: Azurite with TLS and tokens of the application, and a scripted one's refusals."""

import secrets
import ssl
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.wiring import Backend
from connectors import outside
from connectors.guard import Guards
from documents.cost_source import CostSource
from domain.facts.cost_source import CostSourceKind
from tests.factories.cost_source import EXPORT, azure_folder, azure_manifest, fetch, gzipped, make_source, rows_of
from tests.factories.costs import total
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes import azure
from tests.fakes.azurite import ACCOUNT, Azurite, azurite, token_for
from tests.fakes.node import NoPeer
from tests.fakes.scripted import Answered, Asked, scripted

TOKEN = f"/{azure.TENANT}/oauth2/v2.0/token"
STORAGE = "https://storage.azure.com"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    try:
        with azurite(tmp_path_factory.mktemp("azurite")) as made:
            yield made
    except NoPeer as missing:
        pytest.skip(f"needs Azurite: {missing}")


@pytest.fixture
def authority(store: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Who gives tokens; the certificate of Azurite is trusted as if by the system."""
    context = ssl.create_default_context(cafile=str(store.ca))
    monkeypatch.setattr(outside, "authorities", lambda: context)
    asked_for: list[str] = []

    def script(asked: Asked) -> Answered | None:
        if asked.path != TOKEN:
            return None
        asked_for.append(asked.text)
        return Answered({"access_token": token_for(STORAGE), "expires_in": 3599, "token_type": "Bearer"})

    with scripted(azure.House(script)) as house:
        yield house.url
    assert all("storage.azure.com%2F.default" in text for text in asked_for)


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


class Export:
    """An export in a container of its own, partitioned, with a manifest."""

    def __init__(self, store: Azurite, folder: Path) -> None:
        self.name = f"bills-{secrets.token_hex(4)}"
        self._container, self._folder = store.container(self.name), folder

    def put(self, month: str, *files: list[dict[str, str]]) -> dict[str, bytes]:
        """The files of a month, without their manifest."""
        blobs = {
            f"{azure_folder(month)}/part_0_{number:04d}.csv.gz": gzipped(rows, self._folder)
            for number, rows in enumerate(files, 1)
        }
        for name, content in blobs.items():
            self._container.upload_blob(name, content, overwrite=True)
        return blobs

    def finish(self, month: str, blobs: dict[str, bytes]) -> None:
        name = f"{azure_folder(month)}/manifest.json"
        self._container.upload_blob(name, azure_manifest(month, blobs), overwrite=True)

    def deliver(self, month: str, *files: list[dict[str, str]]) -> None:
        self.finish(month, self.put(month, *files))


@pytest.fixture
def export(store: Azurite, tmp_path: Path) -> Export:
    return Export(store, tmp_path)


def place(container: str, url: str) -> dict[str, Any]:
    return {"storage_account": ACCOUNT, "container": container, "prefix": EXPORT, "endpoint_url": url}


@pytest.fixture
async def source(backend: Backend, tenant: Tenant, store: Azurite, export: Export, authority: str) -> CostSource:
    kind = CostSourceKind.AZURE_EXPORT
    return await make_source(backend, tenant, kind, azure.credentials(authority), place(export.name, store.url))


async def test_partitioned_files_of_a_month_are_loaded_together(backend, tenant, source, export):
    export.deliver("2026-09", rows_of("2026-09", "1.25"), rows_of("2026-09", "0.50"))
    export.deliver("2026-10", rows_of("2026-10", "4"))

    said, now = await fetch(backend, source)

    assert said == "2 months loaded"
    assert await total(tenant) == Decimal("5.75")
    assert [(one.month, one.object_count, one.line_count) for one in now.months] == [
        ("2026-10", 1, 1),
        ("2026-09", 2, 2),
    ]


async def test_the_same_again_is_not_fetched_and_a_restated_month_is(backend, tenant, source, export):
    export.deliver("2026-09", rows_of("2026-09", "1"))
    await fetch(backend, source)
    same, _ = await fetch(backend, source)

    export.deliver("2026-09", rows_of("2026-09", "3"))
    restated, _ = await fetch(backend, source)

    assert (same, restated) == ("0 months loaded", "1 months loaded")
    assert await total(tenant) == Decimal(3)


async def test_a_file_that_is_shorter_than_its_manifest_says_is_waited_for(backend, tenant, source, export):
    blobs = export.put("2026-09", rows_of("2026-09", "1"))
    ((name, content),) = blobs.items()
    export.finish("2026-09", {name: content + b"more"})

    said, now = await fetch(backend, source)

    assert said == "0 months loaded"
    assert now.months[0].waits_for == f"all {len(content) + 4} bytes of part_0_0001.csv.gz"


async def test_a_large_blob_comes_in_parts(backend, tenant, source, export, monkeypatch):
    monkeypatch.setattr("connectors.billing.object_store.PART_BYTES", 100)
    export.deliver("2026-09", rows_of("2026-09", *["0.01"] * 50))

    await fetch(backend, source)

    assert await total(tenant) == Decimal("0.50")


async def test_a_container_that_is_not_there_says_so(backend, tenant, store, authority):
    kind = CostSourceKind.AZURE_EXPORT
    source = await make_source(backend, tenant, kind, azure.credentials(authority), place("nobodys", store.url))

    said, now = await fetch(backend, source)

    assert said == (
        "Azure Storage has no such container (ContainerNotFound): check the storage account and the container."
    )
    assert now.problem == said


async def _at_once(_: float) -> None:
    """Nobody waits in a test."""


async def refused(backend: Backend, tenant: Tenant, answered: Answered) -> str:
    """What a fetch says when Blob Storage answers so."""

    def script(asked: Asked) -> Answered | None:
        return answered if asked.path.startswith("/bills") else None

    with scripted(azure.House(script)) as house:
        kind = CostSourceKind.AZURE_EXPORT
        source = await make_source(backend, tenant, kind, azure.credentials(house.url), place("bills", house.url))
        said, _ = await fetch(backend, source, guards=Guards(sleep=_at_once))
    return said


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "AuthorizationPermissionMismatch", "Storage Blob Data Reader on the container is missing"),
        (403, "AuthorizationFailure", "its firewall refuses the address, or the role Storage Blob Data Reader"),
        (401, "InvalidAuthenticationInfo", "rejects the token of the application (InvalidAuthenticationInfo)"),
        (503, "ServerBusy", "Azure Storage failed at GET Microsoft.Storage/blobs (503)."),
    ],
)
async def test_refusals_of_blob_storage_say_what_to_do(backend, tenant, status, code, words):
    said = await refused(backend, tenant, Answered("<Error/>", status, {"x-ms-error-code": code}))

    assert words in said


@pytest.mark.parametrize(
    "body",
    [
        "<html><body>Welcome</body></html>",
        "no XML",
        '<!DOCTYPE a [<!ENTITY b "c">]><EnumerationResults>&b;</EnumerationResults>',
        "<EnumerationResults><Blobs><Blob><Name>a</Name></Blob></Blobs></EnumerationResults>",
    ],
)
async def test_what_is_no_list_of_blobs_is_told_as_such(backend, tenant, body):
    said = await refused(backend, tenant, Answered(body))

    assert said.startswith("Azure Storage does not list blobs as it should.")


async def test_a_long_list_is_read_to_its_end(backend, tenant):
    def page(name: str, marker: str) -> str:
        properties = "<Last-Modified>Sun, 22 Nov 2026 10:00:00 GMT</Last-Modified><Etag>0x1</Etag>"
        blob = f"<Name>{name}</Name><Properties>{properties}<Content-Length>1</Content-Length></Properties>"
        return (
            f"<EnumerationResults><Blobs><Blob>{blob}</Blob></Blobs><NextMarker>{marker}</NextMarker>"
            "</EnumerationResults>"
        )

    def script(asked: Asked) -> Answered | None:
        if not asked.path.startswith("/bills"):
            return None
        month = "2026-10" if "marker" in asked.query else "2026-09"
        return Answered(page(f"{azure_folder(month)}/part.csv", "" if "marker" in asked.query else "next"))

    with scripted(azure.House(script)) as house:
        kind = CostSourceKind.AZURE_EXPORT
        source = await make_source(backend, tenant, kind, azure.credentials(house.url), place("bills", house.url))
        _, now = await fetch(backend, source)

    assert {one.month for one in now.months if one.waits_for} == {"2026-09", "2026-10"}
