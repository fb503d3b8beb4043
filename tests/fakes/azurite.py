"""Azurite, the Blob Storage of Microsoft's own: with TLS and tokens, as the real one wants them."""

import base64
import json
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from azure.storage.blob import ContainerClient

from tests.fakes.azure import TENANT
from tests.fakes.key_services import Certificates
from tests.fakes.node import free_port, installed, node

PACKAGE = "azurite@3.37.0"
ACCOUNT = "devstoreaccount1"
# The same for everybody, and printed in Microsoft's documentation.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # well known
READY_WITHIN = 90


@dataclass(frozen=True)
class Azurite:
    """`url` is the address of its account, `ca` the file that proves its certificate."""

    url: str
    ca: Path

    def container(self, name: str) -> ContainerClient:
        """A client of the library of Azure, to put blobs with."""
        client = ContainerClient(self.url, name, credential=KEY, connection_verify=str(self.ca))
        client.create_container()
        return client


@contextmanager
def azurite(folder: Path) -> Iterator[Azurite]:
    """Raises NoPeer when it cannot be had."""
    program = installed(PACKAGE) / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    made, port = Certificates(folder), free_port()
    command = [node(), str(program), "--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]
    command += ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--oauth", "basic"]
    command += ["--cert", str(made.server), "--key", str(made.server_key)]
    with (folder / "log").open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, cwd=folder) as process:
        try:
            _wait(process, f"https://127.0.0.1:{port}/", made.ca, folder / "log")
            yield Azurite(f"https://127.0.0.1:{port}/{ACCOUNT}", made.ca)
        finally:
            process.kill()


def token_for(audience: str) -> str:
    """A token as Microsoft Entra ID gives it; Azurite looks at what it says and not at who signed it."""
    now = int(time.time())
    told = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{TENANT}/",
        "nbf": now - 60,
        "iat": now,
        "exp": now + 3600,
    }
    parts = ({"alg": "RS256", "typ": "JWT"}, {**told, "tid": TENANT, "sub": "application"})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


def _wait(process: "subprocess.Popen[bytes]", url: str, ca: Path, log: Path) -> None:
    context, until = ssl.create_default_context(cafile=str(ca)), time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            httpx2.get(url, verify=context)
            return
        except httpx2.HTTPError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())
