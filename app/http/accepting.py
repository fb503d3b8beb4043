"""How a server takes no more connections without losing one."""

import asyncio
from collections.abc import Iterable


async def stop_accepting(servers: Iterable[asyncio.Server]) -> None:
    """Accept no more, and begin the connections that are accepted.

    When a server of asyncio's own loop closes between the two, the connection is left open until the garbage collector
    comes (CPython 3.11, `Server._attach`). uvloop's never does, and is not changed by this.
    """
    loop = asyncio.get_running_loop()
    for server in servers:
        for listening in server.sockets:
            loop.remove_reader(listening.fileno())
    await asyncio.sleep(0)
