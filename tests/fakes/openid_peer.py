"""Starts the certified oidc-provider, which we did not write, and drives it as a browser would."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2

from tests.fakes.node import NoPeer as NoPeer
from tests.fakes.node import free_port, installed, node

PACKAGE = "oidc-provider@9.13.3"
HERE = Path(__file__).parent
CLIENT_ID, CLIENT_SECRET = "cloudwatcher", "secret-of-the-client-32-characters"
READY_WITHIN = 30


@dataclass(frozen=True)
class Peer:
    url: str

    def issuer(self, tenant: str) -> str:
        return f"{self.url}/{tenant}/v2.0"


@contextmanager
def openid_peer(redirects: list[str], tenants: list[str], accounts: Mapping[str, Any]) -> Iterator[Peer]:
    """The provider with this client, on a free port. Raises NoPeer where there is no node or no way to the package."""
    client = {"id": CLIENT_ID, "secret": CLIENT_SECRET}
    wanted = {"client": client, "redirects": redirects, "tenants": tenants, "accounts": accounts}
    with running_script("openid_peer.mjs", wanted) as url:
        yield Peer(url)


@contextmanager
def running_script(name: str, wanted: Mapping[str, Any]) -> Iterator[str]:
    """The address of what a script beside this file starts with the provider. Raises NoPeer."""
    folder = installed(PACKAGE)
    port = free_port()
    script = folder / f"{os.getpid()}_{name}"
    shutil.copy(HERE / name, script)
    with subprocess.Popen(
        [node(), str(script), json.dumps({"port": port, **wanted})],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait(process, f"http://127.0.0.1:{port}/.well-known/openid-configuration")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            script.unlink()


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        assert process.poll() is None, "the provider has ended"
        try:
            httpx2.get(url).raise_for_status()
            return
        except httpx2.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the provider does not answer")


class Browser:
    """Keeps cookies for the product itself, as browsers do for a loopback address, secure ones too."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies: dict[str, str] = {}

    async def get(self, path: str, **parameters: str) -> httpx2.Response:
        """A page of the product, without following where it leads."""
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        async with httpx2.AsyncClient(timeout=30) as http:
            answer = await http.get(
                urljoin(self.address, path), params=parameters or None, headers={"cookie": sent} if sent else {}
            )
        for header in answer.headers.get_list("set-cookie"):
            name, _, rest = header.partition("=")
            value, _, attributes = rest.partition(";")
            if "Max-Age=0" in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer

    async def start(self, provider: str, **parameters: str) -> str:
        """Where the product sends the browser to begin."""
        answer = await self.get(f"/auth/{provider}/start", **parameters)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def come_back(self, url: str) -> dict[str, str]:
        """Follow the provider back to the product; the parameters of where that leads, its address under ``""``."""
        answer = await self.get(path_of(url))
        assert answer.status_code == 302, answer.text
        return landed(answer.headers["location"])

    async def sign_in(self, provider: str, login: str, **parameters: str) -> dict[str, str]:
        """The whole way."""
        return await self.come_back(await consent(await self.start(provider, **parameters), login))


def path_of(url: str) -> str:
    """Path and query."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def landed(location: str) -> dict[str, str]:
    parts = urlsplit(location)
    return {"": f"{parts.scheme}://{parts.netloc}{parts.path}", **dict(parse_qsl(parts.query))}


async def consent(url: str, login: str) -> str:
    """Sign in and agree at the provider; the address it then sends the browser back to."""
    provider = _origin(url)
    async with httpx2.AsyncClient(timeout=30) as http:
        answer = await http.get(url)
        forms = [{"prompt": "login", "login": login, "password": "any"}, {"prompt": "consent"}]
        for _ in range(12):
            if not answer.is_redirect:
                assert answer.status_code == 200, answer.text
                assert forms, answer.text
                answer = await http.post(str(answer.url), data=forms.pop(0))
                continue
            target = urljoin(str(answer.url), answer.headers["location"])
            if _origin(target) != provider:
                return target
            answer = await http.get(target)
    raise AssertionError("the provider goes round in circles")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
