"""Blobs of a container, read with a token of the account's application.

Source: Blob service REST API, List Blobs and Get Blob, version 2023-11-03; "Authorize with Microsoft Entra ID". The
REST interface and not the library of Azure: calls go through the one client that looks where connections lead.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote
from xml.etree import ElementTree

from connectors.clouds.azure import session, token
from connectors.reading.listing import Operation
from connectors.reading.source import Reach
from connectors.rest.client import RestClient, Vendor, open_http, permission_missing, translate
from connectors.rest.paging import Reply, Request
from domain.costs.delivery import StoredObject
from domain.errors import CredentialsRejected, Misshapen, PermissionMissing, ProviderError
from domain.facts.credentials import AzureCredentials

NAME, SERVICE = "Azure Storage", "blob"
SCOPE, VERSION = "https://storage.azure.com/.default", "2023-11-03"
ROLE = "Storage Blob Data Reader"
LIST = Operation(
    name="GET Microsoft.Storage/blobs",
    service=SERVICE,
    permissions=(f"{ROLE} on the container",),
    options={"is_text": True},
)
GET = Operation(
    name="GET Microsoft.Storage/blob",
    service=SERVICE,
    permissions=(f"{ROLE} on the container",),
    absent=frozenset({"404", "412", "416"}),
    options={"is_bytes": True},
)


class BlobObjects:
    """One container at its address, without a slash at the end. Made by `open_container`."""

    service = SERVICE

    def __init__(self, client: RestClient, url: str) -> None:
        self._client, self._url = client, url

    async def listed(self, prefix: str) -> AsyncIterator[StoredObject]:
        """All blobs whose names begin so. Raises ProviderError."""
        query = {"restype": "container", "comp": "list", "prefix": prefix, "maxresults": "5000"}
        request: Request | None = Request(method="GET", url=self._url, query=query)
        while request is not None:
            page = _xml((await self._client.reply(LIST, request)).body)
            for blob in page.iterfind("Blobs/Blob"):
                yield _blob(blob)
            marker = page.findtext("NextMarker")
            request = replace(request, query={**query, "marker": marker}) if marker else None

    async def part(self, one: StoredObject, start: int, length: int) -> bytes | None:
        """These bytes, None when the blob is gone or another one. Raises ProviderError."""
        headers = {"range": f"bytes={start}-{start + length - 1}", "if-match": one.etag}
        url = f"{self._url}/{quote(one.key, safe='/')}"
        reply = await self._client.reply(GET, Request(method="GET", url=url, headers=headers))
        return reply.body if isinstance(reply.body, bytes) else None


@asynccontextmanager
async def open_container(
    credentials: AzureCredentials, reach: Reach, account: str, container: str, endpoint_url: str | None
) -> AsyncIterator[BlobObjects]:
    """Nothing is called yet. Raises Invalid for an endpoint that may not be used."""
    url = session.checked(
        endpoint_url or f"https://{account}.blob.core.windows.net", reach.allow_private_endpoint, "endpoint_url"
    )
    where = session.addresses(credentials, reach.allow_private_endpoint)
    async with open_http(reach.allow_private_endpoint) as http:
        tokens = token.Tokens(http, credentials, where.authority, reach.now)

        async def authorize() -> dict[str, str]:
            return await tokens.headers(SCOPE)

        def refusal(reply: Reply, operation: Operation) -> ProviderError | None:
            if reply.status == 401:
                tokens.forget(SCOPE)
            return _refusal(reply, operation)

        vendor = Vendor(
            name=NAME,
            base_url=url,
            next_page=lambda _, __: None,
            authorize=authorize,
            refusal=refusal,
            code=lambda reply: reply.headers.get("x-ms-error-code", ""),
            headers={"x-ms-version": VERSION, "accept": "*/*"},
        )
        yield BlobObjects(RestClient(http, reach.guard(translate), vendor), f"{url}/{container}")


def _refusal(reply: Reply, operation: Operation) -> ProviderError | None:
    """What Azure Storage means by its own errors. Source: "Status and error codes" of the REST reference."""
    code = reply.headers.get("x-ms-error-code", "")
    if code in ("ContainerNotFound", "AccountIsDisabled", "ResourceNotFound"):
        message = f"{NAME} has no such container ({code}): check the storage account and the container."
        return ProviderError(message, service=SERVICE)
    if code == "AuthorizationFailure":
        message = (
            f"{NAME} does not let CloudWatcher in: its firewall refuses the address, or the role {ROLE} is missing."
        )
        return PermissionMissing(message, service=SERVICE, permission=ROLE)
    if reply.status == 403:
        return permission_missing(operation, NAME)
    if reply.status == 401:
        return CredentialsRejected(f"{NAME} rejects the token of the application ({code}).", service=SERVICE)
    return None


def _xml(body: object) -> ElementTree.Element:
    """A page of a list. Raises Misshapen for anything else, and for what could unfold to more than it is."""
    text = body.lstrip("\ufeff") if isinstance(body, str) else ""
    try:
        if "<!DOCTYPE" in text:
            raise ElementTree.ParseError("a document type")
        page = ElementTree.fromstring(text)  # noqa: S314 - without a document type there are no entities
    except ElementTree.ParseError as error:
        raise _misshapen() from error
    if page.tag != "EnumerationResults":
        raise _misshapen()
    return page


def _blob(blob: ElementTree.Element) -> StoredObject:
    try:
        name, properties = (
            blob.findtext("Name") or "",
            {one.tag: one.text or "" for one in blob.find("Properties") or ()},
        )
        modified_at: datetime = parsedate_to_datetime(properties["Last-Modified"])
        etag = properties["Etag"]
        # Lists give it without the quotes that a condition wants.
        quoted = etag if etag.startswith('"') else f'"{etag}"'
        return StoredObject(name, int(properties["Content-Length"]), quoted, modified_at)
    except (KeyError, ValueError) as error:
        raise _misshapen() from error


def _misshapen() -> Misshapen:
    return Misshapen(f"{NAME} does not list blobs as it should.", service=SERVICE)
