"""Stand-ins for AWS: moto, which answers like it, with failures to order; and a web server that does not."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import boto3
import httpx2
import pytest
from botocore.config import Config
from moto.core.config import default_user_config
from moto.ec2.models import ec2_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from app.demo import aws_wire, root_user
from app.demo.moto_missing import EMPTY
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.inventory import InventorySnapshot
from tests.fakes import aws_inventory as inventory
from tests.fakes.collecting import NOW, reach

ACCOUNT = "123456789012"
REGION = "us-east-1"
REGIONS = (REGION, "eu-west-1")


@contextmanager
def moto_for_plays() -> Iterator["Moto"]:
    """A moto server that begins anew fast and in which functions are answered for."""
    with pytest.MonkeyPatch.context() as patch, Moto().served() as moto:
        # They are made anew at each reset, which takes a second, and nobody here starts from one.
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        # To run one would need Docker.
        patch.setitem(default_user_config, "lambda", {"use_docker": False})
        yield moto


class QuietHandler(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Says nothing."""


class Moto:
    """A moto server in this process. `orders` say which calls it does not answer itself. `now` is until when faults
    have something measured; moto itself has the time of this machine.
    """

    def __init__(self) -> None:
        self.now = NOW
        root_user.add_root_to_reports()
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=QuietHandler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.orders: dict[tuple[str, str], tuple[int, Callable[[], str]]] = {}
        # By operation: status, content, headers.
        self.wire: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.cut: set[str] = set()
        self.once: set[str] = set()
        self.calls: list[str] = []
        self.asked: list[str] = []

    @contextmanager
    def served(self) -> Iterator["Moto"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.reset()
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def reset(self) -> None:
        """An empty account where everybody may do everything."""
        self._post("reset-auth", "inf")
        self._post("reset")
        root_user.forget_root()
        for given in (self.orders, self.wire, self.cut, self.once, self.calls, self.asked):
            given.clear()
        self.open_account(ACCOUNT)

    def open_account(self, account: str) -> None:
        """An account that has nothing yet: moto gives one snapshots of Amazon's own images, which none has."""
        for region in REGIONS:
            ec2_backends[account][region].snapshots.clear()
        for operation, body in EMPTY.items():
            self.say(operation, body)

    def enforce_permissions(self) -> None:
        """From now on keys, secrets and policies count."""
        self._post("reset-auth", "0")

    def refuse(self, service: str, action: str, status: int, code: str) -> None:
        """Calls of this action fail from now on, in the words of the service's protocol."""
        self.answer(service, action, lambda: _error(service, code), status)

    def answer(self, service: str, action: str, body: Callable[[], str], status: int = 200) -> None:
        """Calls of this action get this body from now on. For S3 the action is the name in the query."""
        self.orders[service, action] = (status, body)

    def say(self, operation: str, body: dict[str, Any]) -> None:
        """Calls of this operation (ec2.DescribeVolumes) get this answer from now on, as AWS would send it."""
        service, _, action = operation.partition(".")
        content, headers = aws_wire.answered(service, action, body)
        self.wire[operation] = (200, content, {"x-amzn-RequestId": "by-order", **headers})

    def fail(self, operation: str, status: int, code: str, message: str = "Refused to order.") -> None:
        """Calls of this operation fail from now on, in the words of the service's protocol."""
        service, _, action = operation.partition(".")
        content, headers = aws_wire.refused(service, action, code, message)
        self.wire[operation] = (status, content, headers)

    def deny(self, operation: str) -> None:
        """Calls of this operation are refused from now on for want of a permission, as the service's protocol says."""
        self.fail(operation, 403, denial(operation))

    def fail_once(self, operation: str, status: int, code: str) -> None:
        """The next call of this operation fails."""
        self.fail(operation, status, code)
        self.once.add(operation)

    def garble(self, operation: str, content: bytes, headers: dict[str, str] | None = None) -> None:
        """Calls of this operation get these very bytes from now on, with a good status."""
        self.wire[operation] = (200, content, headers or {})

    def cut_short(self, operation: str) -> None:
        """Answers to this operation break off half way from now on."""
        self.cut.add(operation)

    def client(self, service: str, region: str = "us-east-1", **keys: str) -> Any:
        """A plain client to set the account up with."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=keys.get("access_key_id", "AKIASETUP"),
            aws_secret_access_key=keys.get("secret_access_key", "setup"),
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def s3_control(self) -> Any:
        """A client for S3 Control, whose host names lead nowhere but to AWS."""
        client = self.client("s3control")
        client.meta.events.register("before-sign.s3-control", _without_account)
        return client

    def _post(self, name: str, content: str = "") -> None:
        httpx2.post(f"{self.url}/moto-api/{name}", content=content, timeout=60).raise_for_status()

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        service, action = _service(environ), _action(environ)
        self.calls.append(f"{service}:{action}")
        operation = aws_wire.operation_of(environ)
        self.asked.append(operation)
        if operation in self.cut:
            return self._half(operation, environ, start_response)
        if operation in self.wire:
            code, content, headers = self.wire.pop(operation) if operation in self.once else self.wire[operation]
            self.once.discard(operation)
            start_response(f"{code} By order", [*{"Content-Length": str(len(content)), **headers}.items()])
            return [content]
        if (service, action) in self.orders:
            status, body = self.orders[service, action]
            start_response(f"{status} By order", [("Content-Type", "application/octet-stream")])
            return [body().encode()]
        return self._app(environ, start_response)

    def _half(self, operation: str, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if operation in self.wire:
            whole, headers = self.wire[operation][1], dict(self.wire[operation][2])
        else:
            kept: list[tuple[str, str]] = []
            whole = b"".join(self._app(environ, lambda _, given, *__: kept.extend(given)))
            headers = dict(kept)
        # What was promised is more than what comes.
        start_response("200 OK", [*{**headers, "Content-Length": str(len(whole))}.items()])
        return [whole[: len(whole) // 2]]


def denial(operation: str) -> str:
    """The code by which the service of an operation says that something is not allowed."""
    protocol = str(aws_wire.model_of(operation.partition(".")[0]).metadata["protocol"])
    codes = {"ec2": "UnauthorizedOperation", "query": "AccessDenied", "rest-xml": "AccessDenied"}
    return codes.get(protocol, "AccessDeniedException")


def _without_account(request: Any, **_: Any) -> None:
    request.url = request.url.replace("://123456789012.", "://", 1)


def credentials(endpoint_url: str, **given: Any) -> AwsCredentials:
    """Keys that moto takes, for one region."""
    keys = {"access_key_id": "AKIATEST", "secret_access_key": "test"}
    return AwsCredentials.model_validate({**keys, "regions": (REGION,), "endpoint_url": endpoint_url, **given})


async def take_inventory(given: AwsCredentials) -> InventorySnapshot:
    async def no_one_listens(service: str, done: int, expected: int) -> None:
        await asyncio.sleep(0)

    return await inventory.fetch_inventory(
        given, on_progress=no_one_listens, guard=reach().guard, allow_private_endpoint=True
    )


class Answering:
    """A web server that gives every request one answer, and counts them."""

    def __init__(self, status: int, body: str, headers: dict[str, str]) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            wbufsize = -1  # head and body in one piece

            def do_POST(self) -> None:
                outer.requests += 1
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.requests = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def answering(status: int, body: str = "<html><body>Welcome</body></html>", **headers: str) -> Iterator[Answering]:
    answers = Answering(status, body, headers)
    thread = threading.Thread(target=answers.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        answers.server.shutdown()
        thread.join()
        answers.server.server_close()


def _service(environ: dict[str, Any]) -> str:
    """By the credential scope of the signature: key/day/region/service/aws4_request."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0]
    parts = scope.split("/")
    return parts[3] if len(parts) == 5 else ""


def _action(environ: dict[str, Any]) -> str:
    """The operation for EC2, IAM, STS and CloudTrail; the query, such as `policyStatus`, for S3."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return str(target).rpartition(".")[2]
    if environ["REQUEST_METHOD"] != "POST":
        return str(environ.get("QUERY_STRING", ""))
    size = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(size)
    environ["wsgi.input"] = BytesIO(body)
    return body.decode(errors="replace").partition("Action=")[2].partition("&")[0]


def _error(service: str, code: str) -> str:
    error = f"<Error><Code>{code}</Code><Message>Refused to order.</Message></Error>"
    bodies = {
        "ec2": f"<Response><Errors>{error}</Errors></Response>",
        "s3": error,
        "cloudtrail": json.dumps({"__type": code, "message": "Refused to order."}),
    }
    return bodies.get(service, f"<ErrorResponse>{error}</ErrorResponse>")
