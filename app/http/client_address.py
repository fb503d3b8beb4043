"""Which address a request comes from, past the proxies that are ours. Everything a client writes itself is ignored."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

UNKNOWN = "unknown"
FORWARDED_FOR = b"x-forwarded-for"
# One customer of a provider commonly holds so much of IPv6: addresses in it cost nothing. Source: RFC 6177, RFC 4941.
ONE_CUSTOMER = 64
MOST_REMEMBERED = 4096
# The longest way of writing an address, with brackets, zone and port; anything longer is none.
LONGEST = 80


class ClientAddresses:
    """`trusted` are the networks our own proxies are in. Without any, the peer of the connection is the client."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._trusted: tuple[Network, ...] = tuple(ip_network(each, strict=False) for each in trusted)
        self.is_proxy = lru_cache(maxsize=MOST_REMEMBERED)(self._is_trusted)

    def of(self, scope: Scope) -> str:
        """The client's address as text; "unknown" where the transport has none.

        Each proxy adds at the right of X-Forwarded-For whom it was called by: from there to the left, the first
        address that is not a proxy's is the client's. What stands further left was sent by the client.
        """
        peer = _peer(scope)
        if not self._trusted or not self.is_proxy(peer):
            return peer
        nearest = peer
        for entry in reversed(_forwarded(scope["headers"])):
            address = _read(entry)
            if address is None:
                return nearest  # from here on it is not what a proxy writes
            nearest = str(address)
            if not self.is_proxy(nearest):
                return nearest
        return nearest

    def _is_trusted(self, text: str) -> bool:
        address = _read(text)
        return address is not None and any(address in network for network in self._trusted)


@lru_cache(maxsize=MOST_REMEMBERED)
def bucket_of(address: str) -> str:
    """The key under which an address is counted: IPv4 by itself, IPv6 by the network one customer holds."""
    read = _read(address)
    if isinstance(read, IPv6Address):
        return f"address:{ip_network((int(read), ONE_CUSTOMER), strict=False)}"
    return f"address:{address}"


def is_loopback(address: str) -> bool:
    """Whether the address is one of this machine's own."""
    read = _read(address)
    return read is not None and read.is_loopback


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else UNKNOWN


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> Sequence[str]:
    values = [value.decode("latin-1") for name, value in headers if name == FORWARDED_FOR]
    return ",".join(values).split(",") if values else ()


def _read(text: str) -> Address | None:
    """The address of an entry such as 192.0.2.1, 192.0.2.1:443, 2001:db8::1 or [2001:db8::1]:443; None for others."""
    host = text.strip()
    if len(host) > LONGEST:
        return None
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
