"""A nameserver on loopback over UDP that knows the TXT records it is given."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class Nameserver(asyncio.DatagramProtocol):
    """`records` are texts by name; `is_silent`: it hears and does not answer."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.is_silent = False
        self.address = ""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.is_silent:
            return
        query = dns.message.from_wire(data)
        name = query.question[0].name
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        texts = self.records.get(name.to_text(omit_final_dot=True))
        if texts is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif texts:
            answer.answer.append(dns.rrset.from_text_list(name, 60, "IN", "TXT", texts))
        self._transport.sendto(answer.to_wire(), addr)


@asynccontextmanager
async def nameserver() -> AsyncIterator[Nameserver]:
    """The nameserver; `address` is host:port."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Nameserver, local_addr=("127.0.0.1", 0))
    protocol.address = f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    try:
        yield protocol
    finally:
        transport.close()
