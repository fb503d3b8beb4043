"""A way into one AWS account: clients, their limits, and who we are there."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aioboto3
import aiobotocore.session
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from botocore.exceptions import ClientError
from botocore.loaders import create_loader

from connectors.clouds.aws import error as aws_error
from connectors.guard import Guard
from domain.endpoint import check_endpoint, is_forbidden_address
from domain.errors import Invalid, ProviderError, Unavailable
from domain.facts.aws_credentials import AwsCredentials

# Where accounts are asked things that are the same in every region.
DEFAULT_REGION = "us-east-1"
CONCURRENCY = 8
CONNECT_SECONDS, READ_SECONDS = 5, 30
# botocore's standard mode waits 0 to 1 s, then 0 to 2 s between the attempts, and honours x-amz-retry-after.
ATTEMPTS = 3
CALL_LIMIT = timedelta(seconds=CONNECT_SECONDS + READ_SECONDS) * ATTEMPTS
# An endpoint that never stops paging is none of AWS's: the largest lists have some hundred pages.
MAX_PAGES = 2000
SESSION_NAME = "cloudwatcher"
# Read once for all accounts: descriptions of the services take half a second of CPU and 30 MB each time they are read.
SERVICE_MODELS = create_loader()


@dataclass(frozen=True, slots=True)
class AwsIdentity:
    """`account_id` has 12 digits; `arn` is the user or role CloudWatcher acts as."""

    account_id: str
    arn: str


class AwsReader:
    """Reads one service in one region; every call goes through the guard."""

    def __init__(self, client: Any, guard: Guard, service: str, region: str, endpoint: str) -> None:
        self.service, self.region, self.endpoint = service, region, endpoint
        self._client = client
        self._guard = guard

    async def call(self, operation: str, absent: Collection[str] = (), **arguments: Any) -> dict[str, Any] | None:
        """The parsed answer of an operation (client method name); None when AWS answers one of the `absent` codes."""
        name = self._client.meta.method_to_api_mapping[operation]

        async def send() -> dict[str, Any] | None:
            try:
                answer: dict[str, Any] = await getattr(self._client, operation)(**arguments)
            except ClientError as error:
                if aws_error.code_of(error) in absent:
                    return None
                raise
            answer.pop("ResponseMetadata", None)
            return answer

        return await self._guard.call(self.service, name, send)

    async def pages(
        self, operation: str, key: str, *, absent: Collection[str] = (), page_size: int | None = None, **arguments: Any
    ) -> list[Any] | None:
        """The list under `key` over all pages; None when AWS answers one of the `absent` codes."""
        if not self._client.can_paginate(operation):
            answer = await self.call(operation, absent, **arguments)
            return None if answer is None else list(answer.get(key) or [])
        name = self._client.meta.method_to_api_mapping[operation]
        config = {"PageSize": page_size} if page_size else {}
        pages = aiter(self._client.get_paginator(operation).paginate(PaginationConfig=config, **arguments))
        found: list[Any] = []
        for _ in range(MAX_PAGES):
            page = await self._guard.call(self.service, name, lambda: _next_page(pages, absent))
            if not page:
                return found if page is not None else None
            found += page.get(key) or []
        message = f"{self.endpoint} answered {name} with more than {MAX_PAGES} pages."
        raise Unavailable(message, service=self.service)


async def _next_page(pages: AsyncIterator[dict[str, Any]], absent: Collection[str]) -> dict[str, Any] | None:
    """The next page, {} after the last one, None when the list itself does not exist."""
    try:
        return await anext(pages, {})
    except ClientError as error:
        if aws_error.code_of(error) in absent:
            return None
        raise


class AwsSession:
    """Clients of one account, opened on first use and closed together. Made by `open_session`."""

    def __init__(self, credentials: AwsCredentials, allow_private_endpoint: bool, stack: AsyncExitStack) -> None:
        self.regions = tuple(dict.fromkeys(credentials.regions))
        self.home_region = self.regions[0] if self.regions else DEFAULT_REGION
        self._endpoint_url = credentials.endpoint_url
        self._config = _client_config(credentials.endpoint_url is not None, allow_private_endpoint)
        self._guard = Guard(concurrency=CONCURRENCY, time_limit=CALL_LIMIT, translate=self._translate)
        self._stack = stack
        self._lock = asyncio.Lock()
        self._readers: dict[tuple[str, str], AwsReader] = {}
        self._source = _key_source(credentials)

    @property
    def endpoint(self) -> str:
        """What messages call the other side."""
        return self._endpoint_url or "AWS"

    async def reader(self, service: str, region: str) -> AwsReader:
        """Raises Invalid when no client can be made for the endpoint."""
        async with self._lock:
            if (service, region) not in self._readers:
                client = await self._open_client(service, region)
                self._readers[service, region] = AwsReader(client, self._guard, service, region, self.endpoint)
            return self._readers[service, region]

    async def identity(self) -> AwsIdentity:
        """Raises CredentialsRejected, Unavailable, Throttled. Source: STS GetCallerIdentity; it needs no permission."""
        sts = await self.reader("sts", self.home_region)
        answer = await sts.call("get_caller_identity") or {}
        if not answer.get("Account") or not answer.get("Arn"):
            message = f"{self.endpoint} does not answer sts GetCallerIdentity the way AWS does."
            raise Unavailable(message, service="sts")
        return AwsIdentity(account_id=answer["Account"], arn=answer["Arn"])

    async def assume(self, role_arn: str, external_id: str) -> None:
        """Continues as the role, for an hour. Raises CredentialsRejected when AWS does not allow it."""
        sts = await self.reader("sts", self.home_region)
        answer = (
            await sts.call("assume_role", RoleArn=role_arn, ExternalId=external_id, RoleSessionName=SESSION_NAME) or {}
        )
        keys = answer.get("Credentials") or {}
        if not keys.get("AccessKeyId") or not keys.get("SecretAccessKey"):
            # Without keys of its own the next session would sign with the process's.
            raise Unavailable(f"{self.endpoint} does not answer sts AssumeRole the way AWS does.", service="sts")
        self._source = _signing_with(keys["AccessKeyId"], keys["SecretAccessKey"], keys.get("SessionToken"))
        self._readers.clear()

    async def _open_client(self, service: str, region: str) -> Any:
        try:
            opening = self._source.client(
                service, region_name=region, endpoint_url=self._endpoint_url, config=self._config
            )
            return await self._stack.enter_async_context(opening)
        except ValueError as error:
            raise Invalid("No AWS client can be made for this endpoint or region.", path=("endpoint_url",)) from error

    def _translate(self, error: Exception, service: str, operation: str) -> ProviderError | None:
        return aws_error.translate(error, service, operation, self.endpoint)


@asynccontextmanager
async def open_session(
    credentials: AwsCredentials, *, allow_private_endpoint: bool = False
) -> AsyncIterator[AwsSession]:
    """A session that has assumed its role where there is one.

    Raises Invalid for an endpoint that may not be used, else what `AwsSession.assume` raises.
    """
    if credentials.endpoint_url is not None:
        check_endpoint(credentials.endpoint_url, allow_private_endpoint)
    async with AsyncExitStack() as stack:
        session = AwsSession(credentials, allow_private_endpoint, stack)
        if credentials.role_arn and credentials.external_id:
            await session.assume(credentials.role_arn, credentials.external_id)
        yield session


async def verify(credentials: AwsCredentials, *, allow_private_endpoint: bool = False) -> AwsIdentity:
    """Whose the credentials are. Raises CredentialsRejected, Unavailable, Throttled, or Invalid for the endpoint."""
    async with open_session(credentials, allow_private_endpoint=allow_private_endpoint) as session:
        return await session.identity()


def _key_source(credentials: AwsCredentials) -> Any:
    """The given keys, or the process's own (environment, profile, instance role) to assume a role with."""
    secret, token = credentials.secret_access_key, credentials.session_token
    return _signing_with(
        credentials.access_key_id,
        secret.get_secret_value() if secret else None,
        token.get_secret_value() if token else None,
    )


def _signing_with(access_key_id: str | None, secret_access_key: str | None, session_token: str | None) -> Any:
    library = aiobotocore.session.get_session()
    library.register_component("data_loader", SERVICE_MODELS)
    return aioboto3.Session(access_key_id, secret_access_key, session_token, botocore_session=library)


def _client_config(has_endpoint: bool, allow_private_endpoint: bool) -> AioConfig:
    config: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retries": {"mode": "standard", "total_max_attempts": ATTEMPTS},
        "max_pool_connections": CONCURRENCY,
        # Only what the account was connected with decides where its calls go, never the process's environment.
        "ignore_configured_endpoint_urls": True,
    }
    if has_endpoint:
        config["s3"] = {"addressing_style": "path"}
        config["http_session_cls"] = _PrivateHttp if allow_private_endpoint else _PublicHttp
    return AioConfig(**config)


class _PublicHttp(AIOHTTPSession):  # type: ignore[misc]  # aiobotocore ships no types
    """Looks at the address of every connection, so that neither a name nor a redirect leads inside."""

    allow_private = False

    def __init__(self, connector_args: dict[str, Any] | None = None, **options: Any) -> None:
        own = {"socket_factory": self._open_socket}
        super().__init__(connector_args={**(connector_args or {}), **own}, **options)

    def _open_socket(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, target = address
        if is_forbidden_address(target[0], self.allow_private):
            raise PermissionError(errno.EACCES, f"connections to {target[0]} are not allowed")
        return socket.socket(family, kind, protocol)


class _PrivateHttp(_PublicHttp):
    """For development and demo: private addresses are allowed, metadata still is not."""

    allow_private = True
