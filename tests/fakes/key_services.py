"""Stand-ins for key services over real TLS, which really encrypt: Azure Key Vault, Google Cloud KMS, AWS KMS, KMIP.

AWS is moto and KMIP is PyKMIP's server. Azure and Google are ours, after their REST references (Key Vault: Wrap Key,
Unwrap Key; Cloud KMS v1: encrypt, decrypt) and the token requests of OAuth 2.0 that go with them.
"""

import base64
import json
import os
import signal
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import trustme
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from tests.fakes.aws import QuietHandler

Answer = tuple[int, dict[str, Any]]
ROOT = Path(__file__).parents[2]
_OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)


@dataclass(frozen=True)
class Certificates:
    """An authority of its own, with files for a server on loopback and for a client."""

    folder: Path
    authority: trustme.CA = field(default_factory=trustme.CA)

    def __post_init__(self) -> None:
        self.authority.cert_pem.write_to_path(str(self.ca))
        server = self.authority.issue_cert("localhost", "127.0.0.1", common_name="localhost")
        server.private_key_pem.write_to_path(str(self.server_key))
        server.cert_chain_pems[0].write_to_path(str(self.server))
        client = self.authority.issue_cert("watch@example.com", common_name="watch")
        client.private_key_and_cert_chain_pem.write_to_path(str(self.client))

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def server(self) -> Path:
        return self.folder / "server.pem"

    @property
    def server_key(self) -> Path:
        return self.folder / "server.key"

    @property
    def client(self) -> Path:
        return self.folder / "client.pem"

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server, self.server_key)
        return context


class AzureVault:
    """Key Vault and Entra in one: client credentials for a token, RSA-OAEP-256 with one key pair for each version."""

    tenant, client, secret, token = "tenant-1", "client-1", "s3cret-of-azure", "token-of-azure"

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._keys: dict[str, rsa.RSAPrivateKey] = {}

    def __call__(self, path: str, headers: Any, body: bytes) -> Answer:
        self.calls.append(path)
        if path == f"/{self.tenant}/oauth2/v2.0/token":
            return self._sign_in(parse_qs(body.decode()))
        if headers["Authorization"] != f"Bearer {self.token}":
            return 401, {"error": {"code": "Unauthorized", "message": "AKV10000: Request is missing a token."}}
        _, keys, name, version, operation = path.split("/")
        asked = json.loads(body)
        if keys != "keys" or asked["alg"] != "RSA-OAEP-256":
            return 400, {"error": {"code": "BadParameter", "message": "Not supported."}}
        key = self._keys.setdefault(f"{name}/{version}", rsa.generate_private_key(65537, 2048))
        value = _from_url64(asked["value"])
        done = key.public_key().encrypt(value, _OAEP) if operation == "wrapkey" else key.decrypt(value, _OAEP)
        return 200, {"kid": f"https://localhost/keys/{name}/{version}", "value": _url64(done)}

    def _sign_in(self, form: dict[str, list[str]]) -> Answer:
        if (form["client_id"], form["client_secret"]) != ([self.client], [self.secret]):
            return 401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."}
        return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": self.token}


class GoogleKms:
    """Cloud KMS and its token service in one: a signed assertion for a token, AES-GCM bound to the name of the key."""

    email, token = "watch@example.iam.gserviceaccount.com", "token-of-google"

    def __init__(self) -> None:
        self.account = rsa.generate_private_key(65537, 2048)
        self.calls: list[str] = []
        self._key = AESGCM(os.urandom(32))

    def private_key(self) -> str:
        return self.account.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def __call__(self, path: str, headers: Any, body: bytes) -> Answer:
        self.calls.append(path)
        if path == "/token":
            return self._sign_in(parse_qs(body.decode()))
        if path.startswith("/computeMetadata/v1/"):
            return 200, {"access_token": self.token, "expires_in": 3599, "token_type": "Bearer"}
        if headers["Authorization"] != f"Bearer {self.token}":
            return 401, {"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "No valid token."}}
        name, _, operation = path.removeprefix("/v1/").partition(":")
        asked, bound = json.loads(body), name.encode()
        if operation == "encrypt":
            nonce = os.urandom(12)
            sealed = nonce + self._key.encrypt(nonce, base64.b64decode(asked["plaintext"]), bound)
            return 200, {"name": name, "ciphertext": base64.b64encode(sealed).decode()}
        sealed = base64.b64decode(asked["ciphertext"])
        return 200, {"plaintext": base64.b64encode(self._key.decrypt(sealed[:12], sealed[12:], bound)).decode()}

    def _sign_in(self, form: dict[str, list[str]]) -> Answer:
        claims = jwt.decode(
            form["assertion"][0],
            self.account.public_key(),
            algorithms=["RS256"],
            options={"verify_aud": False, "require": ["iss", "exp", "iat"]},
        )
        if claims["iss"] != self.email:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": self.token, "expires_in": 3599, "token_type": "Bearer"}


@contextmanager
def served(answer: Callable[[str, Any, bytes], Answer], context: ssl.SSLContext | None) -> Iterator[str]:
    """host:port where these answers are given."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content = answer(urlsplit(self.path).path, self.headers, body)
            encoded = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        do_GET = do_POST  # noqa: N815 - the name the base class asks for

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that does not trust us hangs up."""

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with _running(server):
        yield f"127.0.0.1:{server.server_port}"


@contextmanager
def aws_kms(certificates: Certificates) -> Iterator[str]:
    """host:port of moto, which answers as AWS KMS."""
    server = make_server(
        "127.0.0.1",
        0,
        DomainDispatcherApplication(create_backend_app),
        threaded=True,
        request_handler=QuietHandler,
        ssl_context=certificates.context(),
    )
    with _running(server):
        yield f"127.0.0.1:{server.server_port}"


@contextmanager
def kmip_server(certificates: Certificates) -> Iterator[Callable[[], str | None]]:
    """A PyKMIP server as a process of its own; what is yielded says host:port once it listens."""
    folder = certificates.folder
    process = Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.fakes.kmip_server", str(folder)],
        cwd=ROOT,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,  # it has a child of its own
    )
    port = folder / "kmip.port"
    try:
        yield lambda: f"127.0.0.1:{port.read_text()}" if port.exists() else None
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _running(server: Any) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _url64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _from_url64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
