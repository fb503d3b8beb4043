"""How calls to AWS leave this machine: bounded in time, without retries of the library's own, never to inside."""

import errno
import socket
import ssl
from functools import cache
from typing import Any

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from botocore.httpsession import create_urllib3_context, get_cert_path

from domain.endpoint import is_forbidden_address

CONNECT_SECONDS, READ_SECONDS = 5, 30
CONNECTIONS = 8


def client_config(has_endpoint: bool, allow_private_endpoint: bool) -> AioConfig:
    """For the clients of one account. `has_endpoint`: calls go to an address the customer gave."""
    config: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        # The guard tries again.
        "retries": {"mode": "standard", "total_max_attempts": 1},
        "max_pool_connections": CONNECTIONS,
        # Only what the account was connected with decides where its calls go, never the process's environment.
        "ignore_configured_endpoint_urls": True,
        # S3 lists the buckets of a region only at that region's own address.
        "s3": {"us_east_1_regional_endpoint": "regional"},
        "http_session_cls": _Http,
    }
    if has_endpoint:
        config["s3"] = {"addressing_style": "path"}
        config["http_session_cls"] = _PrivateHttp if allow_private_endpoint else _PublicHttp
    return AioConfig(**config)


@cache
def _trusting(authorities: str) -> ssl.SSLContext:
    """Reading the file takes 60 ms, and an account has some hundred clients."""
    context: ssl.SSLContext = create_urllib3_context()
    context.load_verify_locations(authorities)
    return context


class _Http(AIOHTTPSession):  # type: ignore[misc]  # aiobotocore ships no types
    """Checks the certificates of AWS, behind a proxy too, where the library by itself would not."""

    def _create_connector(self, proxy_url: str | None) -> aiohttp.TCPConnector:
        context = _trusting(get_cert_path(self._verify or True))
        return aiohttp.TCPConnector(limit=self._max_pool_connections, ssl=context, **self._connector_args)


class _PublicHttp(_Http):
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
