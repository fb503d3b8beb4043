"""Spaces by the interface of S3: signed requests over the common way out, answers read by botocore's own model."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote

import botocore.session
import httpx2
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.parsers import ResponseParserError, create_parser

from connectors.guard import Guard
from connectors.reading.listing import Answer, Arguments, Operation
from connectors.rest.client import retry_after
from connectors.rest.paging import Reply
from domain.errors import (
    CredentialsRejected,
    Misshapen,
    PermissionMissing,
    ProviderError,
    Rejected,
    Throttled,
    Unavailable,
)
from domain.facts.credentials import DigitalOceanCredentials

NAME, KEY = "Spaces", "Spaces access key"
# Source: docs.digitalocean.com, "Regional availability", Spaces.
REGIONS = ("ams3", "atl1", "blr1", "fra1", "lon1", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1")
HOST = "https://{region}.digitaloceanspaces.com"
# One stand-in for all regions.
STAND_IN = "us-east-1"
# S3's name of the operation and what follows the address.
CALLS = {
    "SPACES s3.list_buckets": ("ListBuckets", ""),
    "SPACES s3.get_bucket_acl": ("GetBucketAcl", "acl"),
    "SPACES s3.get_bucket_lifecycle_configuration": ("GetBucketLifecycleConfiguration", "lifecycle"),
}
REJECTED = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed"})


class Spaces:
    """Reads buckets with one key. `url` stands for the addresses of all regions."""

    def __init__(self, http: httpx2.AsyncClient, guard: Guard, key: Credentials, url: str | None) -> None:
        self._http, self._guard, self._key, self._url = http, guard, key, url
        self.regions = (STAND_IN,) if url else REGIONS

    async def call(self, operation: Operation, region: str, arguments: Arguments) -> Answer:
        """The answer in JSON types, None when the operation's `absent` says that it is not set."""
        return await self._guard.call(
            operation.service, operation.name, lambda: self._send(operation, region, arguments)
        )

    async def _send(self, operation: Operation, region: str, arguments: Arguments) -> Answer:
        name, query = CALLS[operation.name]
        base = (self._url or HOST.format(region=region)).rstrip("/")
        request = AWSRequest("GET", f"{base}/{quote(arguments.get('Bucket', ''), safe='')}{query and '?'}{query}")
        S3SigV4Auth(self._key, "s3", region).add_auth(request)
        answer = await self._http.request("GET", request.url, headers=dict(request.headers.items()))
        parsed = _parsed(operation, name, answer)
        code = parsed.get("Error", {}).get("Code", "")
        if code in operation.absent:
            return None
        if answer.is_success:
            return json_value({key: value for key, value in parsed.items() if key != "ResponseMetadata"})
        raise meaning(operation, answer, code)


def opened(credentials: DigitalOceanCredentials, http: httpx2.AsyncClient, guard: Guard) -> Spaces | None:
    """None without a key."""
    if credentials.spaces_key_id is None or credentials.spaces_secret is None:
        return None
    key = Credentials(credentials.spaces_key_id, credentials.spaces_secret.get_secret_value())
    return Spaces(http, guard, key, credentials.spaces_url)


def meaning(operation: Operation, answer: httpx2.Response, code: str) -> ProviderError:
    """What a refusal means. Source: the error codes of the S3 interface."""
    status, service = answer.status_code, operation.service
    if code in REJECTED or status == httpx2.codes.UNAUTHORIZED:
        return CredentialsRejected(f"{NAME} rejects the key ({code or status}).", service=service)
    if status == httpx2.codes.FORBIDDEN:
        (permission,) = operation.permissions
        message = f"{NAME} does not allow {operation.name}: the {permission} is missing."
        return PermissionMissing(message, service=service, permission=permission)
    wait = retry_after(Reply(status=status, headers=dict(answer.headers), body=None))
    if code == "SlowDown" or status == httpx2.codes.TOO_MANY_REQUESTS:
        return Throttled(f"{NAME} asks for fewer calls of {operation.name}.", service=service, retry_after=wait)
    if answer.is_server_error:
        return Unavailable(f"{NAME} failed at {operation.name} ({status}).", service=service, retry_after=wait)
    return Rejected(f"{NAME} refuses {operation.name} ({code or status}).", service=service)


def json_value(value: Any) -> Any:
    """The value in JSON types: times as ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: json_value(one) for key, one in value.items()}
    return [json_value(one) for one in value] if isinstance(value, list) else value


def _parsed(operation: Operation, name: str, answer: httpx2.Response) -> Mapping[str, Any]:
    response = {"status_code": answer.status_code, "headers": dict(answer.headers), "body": answer.content}
    try:
        found: Mapping[str, Any] = create_parser("rest-xml").parse(
            response, _model().operation_model(name).output_shape
        )
    except ResponseParserError as error:
        if not answer.is_success:
            return {}
        raise Misshapen(f"{NAME} does not answer {operation.name} with XML.", service=operation.service) from error
    return found


@cache
def _model() -> Any:
    return botocore.session.Session().get_service_model("s3")
