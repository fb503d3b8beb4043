"""Asks DNS for TXT records, by dnspython, which PyMongo brings along."""

import ipaddress
from collections.abc import Sequence

import dns.asyncresolver
import dns.exception
import dns.nameserver
import dns.resolver

from domain.errors import Unavailable

SECONDS = 5.0
DNS_PORT = 53


class Records:
    """`servers` are addresses of nameservers, with :port where it is not 53; empty stands for the system's."""

    def __init__(self, servers: Sequence[str] = ()) -> None:
        self._servers = [_server(text) for text in servers]

    async def texts(self, name: str) -> list[str]:
        """The TXT records of a name, each put together; empty when there are none.

        Raises Unavailable when no nameserver answers.
        """
        try:
            answer = await self._resolver().resolve(name, "TXT", lifetime=SECONDS, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise Unavailable(f"DNS does not answer for {name}: try again later.", service="dns") from error
        return [b"".join(record.strings).decode(errors="replace") for record in answer]

    def _resolver(self) -> dns.asyncresolver.Resolver:
        resolver = dns.asyncresolver.Resolver(configure=not self._servers)
        if self._servers:
            resolver.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in self._servers]
        return resolver


def _server(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and ":" not in host.strip("[]"):
        return host.strip("[]"), int(port)
    if colon and host.startswith("[") and host.endswith("]") and port.isdigit():
        return host[1:-1], int(port)
    return str(ipaddress.ip_address(text.strip("[]"))), DNS_PORT
