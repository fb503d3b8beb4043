"""The way into one AWS account: clients, the assumed role, and calls that page and speak CloudWatcher's errors."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import botocore.session
from botocore.exceptions import ClientError, EndpointConnectionError, UnknownRegionError

from connectors.clouds.aws import error as aws_error
from connectors.clouds.aws import fields, keys, paging, transport
from connectors.reading.listing import Answer, Arguments, Operation, Place
from connectors.reading.source import Identity, Reach
from domain.endpoint import check_endpoint
from domain.errors import CutShort, Invalid, Misshapen, ProviderError, Unavailable
from domain.facts.aws_credentials import AwsCredentials

# Where accounts are asked things that are the same in every region.
DEFAULT_REGION = "us-east-1"
PREPARING_TRIES, PREPARING_SECONDS = 30, 2.0
SESSION_NAME = "cloudwatcher"
# {"WebACL": null} and the like.
NOTHING_IN_JSON = 32
T = TypeVar("T")
ACCOUNT = re.compile(r"\d{12}")
# Source: STS API reference; GetCallerIdentity needs no permission, AssumeRole is allowed by the role.
WHO_AM_I = Operation(name="sts.get_caller_identity", service="sts", permissions=())
ASSUME_ROLE = Operation(name="sts.assume_role", service="sts", permissions=("sts:AssumeRole",))
ALIASES = Operation(name="iam.list_account_aliases", service="iam", permissions=("iam:ListAccountAliases",))
REGIONS = Operation(name="ec2.describe_regions", service="ec2", permissions=("ec2:DescribeRegions",))


class AwsSource:
    """One account. Clients are opened on first use and closed together. Made by `open_source`.

    `Operation.options` may hold `region`, where a call is made whatever the place, `page_size`, `may_be_empty`, for a
    call whose answer has no field at all when there is nothing, `first_page`, for a list of which only the newest is
    wanted, and `until`, a field with the value it has once what AWS prepares is there.
    """

    def __init__(self, credentials: AwsCredentials, reach: Reach, stack: AsyncExitStack) -> None:
        self.chosen = tuple(dict.fromkeys(credentials.regions))
        self.home_region = self.chosen[0] if self.chosen else DEFAULT_REGION
        self._credentials = credentials
        self._config = transport.client_config(credentials.endpoint_url is not None, reach.allow_private_endpoint)
        self._guard = reach.guard(aws_error.passed)
        self._stack = stack
        self._lock = asyncio.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._keys = keys.given_keys(credentials)

    @property
    def endpoint(self) -> str:
        """What messages call the other side."""
        return self._credentials.endpoint_url or "AWS"

    async def identity(self) -> Identity:
        """Its name is the alias of the account where that may be read, else its number."""
        answer = await self._one(WHO_AM_I)
        account, arn = answer.get("Account"), answer.get("Arn")
        if not isinstance(account, str) or not ACCOUNT.fullmatch(account) or not arn:
            raise self._misshapen(WHO_AM_I)
        return Identity(native_id=account, name=await self._alias() or account, principal=arn)

    async def regions(self) -> tuple[str, ...]:
        """Those chosen, else those enabled in the account.

        Source: EC2 DescribeRegions, which lists only those unless asked for all.
        """
        if self.chosen:
            return self.chosen
        listed = (await self._one(REGIONS)).get("Regions") or []
        return tuple(sorted(region["RegionName"] for region in listed if region.get("RegionName")))

    async def pages(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """The answers as JSON values, one page a call."""
        region = operation.options.get("region") or place.region or self.home_region
        service, _, method = operation.name.partition(".")
        client = await self._client(service, region)
        goes_on = paging.paging_of(client, method)
        asked: dict[str, Any] | None = dict(arguments)
        if goes_on.limit and "page_size" in operation.options:
            asked = {goes_on.limit: operation.options["page_size"], **arguments}
        while asked is not None:
            answer = await self._answer(client, operation, method, asked, region)
            if answer is None:
                return
            yield answer
            try:
                asked = None if operation.options.get("first_page") else goes_on.following(answer, asked)
            except LookupError:
                message = f"{self.endpoint} says that {operation.name} goes on, and not where."
                raise CutShort(message, service=operation.service) from None

    async def content(self, operation: Operation, place: Place, arguments: Arguments) -> bytes | None:
        """What `s3.get_object` gives of an object, whole; None when `operation.absent` says so. Raises ProviderError.

        Ask for a range of what may be large.
        """
        region = place.region or self.home_region
        client = await self._client("s3", region)

        async def send() -> bytes | None:
            return await self._tried(client, operation, _body(client, arguments))

        return await self._guard.call(operation.service, operation.name, send, region=region)

    async def assume(self, role_arn: str, external_id: str) -> None:
        """Continues as the role, and renews its keys as long as it is open.

        Raises CredentialsRejected when AWS does not allow it.
        """
        client = await self._client("sts", self.home_region)
        asked = {"RoleArn": role_arn, "ExternalId": external_id, "RoleSessionName": SESSION_NAME}
        renew = partial(self._role_keys, client, asked)
        self._keys = keys.role_keys(await self._guard.call("sts", ASSUME_ROLE.name, renew), renew)
        self._clients.clear()

    async def _role_keys(self, client: Any, asked: dict[str, Any]) -> keys.Keys:
        """Renewed inside of other calls, so without a place in the guard of its own."""
        answer = await self._send(client, ASSUME_ROLE, "assume_role", asked) or {}
        given = answer.get("Credentials") or {}
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
        if not all(given.get(name) for name in names):
            # Without keys of its own the next session would sign with the process's.
            raise self._misshapen(ASSUME_ROLE)
        return dict(zip(("access_key", "secret_key", "token", "expiry_time"), map(given.get, names), strict=True))

    async def _answer(
        self, client: Any, operation: Operation, method: str, asked: dict[str, Any], region: str
    ) -> dict[str, Any] | None:
        """One page. What AWS prepares on being asked is waited for, up to a minute."""
        send = partial(self._send, client, operation, method, asked)
        field, ready = operation.options.get("until", (None, None))
        for _ in range(PREPARING_TRIES):
            answer = await self._guard.call(operation.service, operation.name, send, region=region)
            if answer is None or field is None or answer.get(field) == ready:
                return answer
            await asyncio.sleep(PREPARING_SECONDS)
        message = f"{self.endpoint} is still preparing the answer to {operation.name}."
        raise Unavailable(message, service=operation.service)

    async def _one(self, operation: Operation) -> dict[str, Any]:
        """The first page of what is asked of the whole account."""
        client = await self._client(operation.service, self.home_region)
        method = operation.name.partition(".")[2]
        send = partial(self._send, client, operation, method, {})
        return await self._guard.call(operation.service, operation.name, send) or {}

    async def _alias(self) -> str | None:
        try:
            aliases = (await self._one(ALIASES)).get("AccountAliases") or [None]
        except ProviderError:
            return None
        return aliases[0] if isinstance(aliases[0], str) else None

    async def _send(
        self, client: Any, operation: Operation, method: str, asked: dict[str, Any]
    ) -> dict[str, Any] | None:
        """One answer; None where the thing is not set or the service is not offered in the region."""
        answer: dict[str, Any] | None = await self._tried(client, operation, getattr(client, method)(**asked))
        if answer is None:
            return None
        said = answer.pop("ResponseMetadata", {})
        # A structure that is the whole body is there even when nothing of it was found.
        is_nothing = all(value == {} for value in answer.values())
        if is_nothing and not (operation.options.get("may_be_empty") and _is_empty(said)):
            raise self._misshapen(operation)
        return dict(fields.json_value(answer))

    async def _tried(self, client: Any, operation: Operation, sent: Awaitable[T]) -> T | None:
        """What is answered; None for what is absent, and CloudWatcher's errors for AWS's."""
        try:
            return await sent
        except ProviderError:
            raise  # from the renewal of the role's keys
        except Exception as error:
            if self._is_absent(error, client, operation):
                return None
            meaning = aws_error.translate(error, operation, self.endpoint)
            if meaning is None:
                raise
            raise meaning from error

    def _is_absent(self, error: Exception, client: Any, operation: Operation) -> bool:
        if isinstance(error, ClientError):
            return aws_error.says(error, operation.absent)
        is_nowhere = isinstance(error, EndpointConnectionError) and self._credentials.endpoint_url is None
        return is_nowhere and not is_offered(client.meta.service_model.service_name, client.meta.region_name)

    async def _client(self, service: str, region: str) -> Any:
        """Raises Invalid when no client can be made for the endpoint."""
        async with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = await self._open_client(service, region)
            return self._clients[service, region]

    async def _open_client(self, service: str, region: str) -> Any:
        url = self._credentials.endpoint_url
        try:
            opening = self._keys.client(service, region_name=region, endpoint_url=url, config=self._config)
            client = await self._stack.enter_async_context(opening)
        except ValueError as error:
            raise Invalid("No AWS client can be made for this endpoint or region.", path=("endpoint_url",)) from error
        if url is not None:
            client.meta.events.register("before-sign.s3-control", _without_account)
        return client

    def _misshapen(self, operation: Operation) -> Misshapen:
        return aws_error.not_aws(operation, self.endpoint)


async def _body(client: Any, arguments: Arguments) -> bytes:
    answer = await client.get_object(**arguments)
    async with answer["Body"] as body:
        content: bytes = await body.read()
        return content


def _is_empty(said: dict[str, Any]) -> bool:
    """Whether an answer without a field was meant so. The library passes over what it does not know or cannot read,
    and makes nothing of a web page; AWS gives each answer an id, and writes nothing in a few characters of JSON.
    """
    headers = said.get("HTTPHeaders") or {}
    is_long = int(headers.get("content-length") or 0) > NOTHING_IN_JSON
    return bool(said.get("RequestId")) and not (is_long and "json" in headers.get("content-type", ""))


def _without_account(request: Any, **_: Any) -> None:
    """S3 Control puts the account's number in front of the host, a name that only AWS has."""
    request.url = re.sub(r"(?<=://)\d{12}\.", "", request.url, count=1)


def is_offered(service: str, region: str) -> bool:
    """Whether a service is known to be in a region; True where nothing is known about either.

    Source: the endpoints that botocore ships. It is older than the newest regions, so a service is only taken to be
    missing when its address does not answer either.
    """
    library = botocore.session.get_session()
    library.register_component("data_loader", keys.SERVICE_MODELS)
    try:
        partition = library.get_partition_for_region(region)
    except UnknownRegionError:
        return True
    somewhere = library.get_available_regions(service, partition)
    return not somewhere or region in somewhere or region not in library.get_available_regions("ec2", partition)


@asynccontextmanager
async def open_source(credentials: AwsCredentials, reach: Reach) -> AsyncIterator[AwsSource]:
    """A source that has assumed its role where there is one.

    Raises Invalid for an endpoint that may not be used, else what `AwsSource.assume` raises.
    """
    if credentials.endpoint_url is not None:
        check_endpoint(credentials.endpoint_url, reach.allow_private_endpoint)
    async with AsyncExitStack() as stack:
        source = AwsSource(credentials, reach, stack)
        if credentials.role_arn and credentials.external_id:
            await source.assume(credentials.role_arn, credentials.external_id)
        yield source
