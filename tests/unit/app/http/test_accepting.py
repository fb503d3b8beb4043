import asyncio
import socket

from app.http.accepting import stop_accepting


class Connection(asyncio.Protocol):
    is_begun = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.is_begun = True
        transport.close()


async def accepted_within(turns: int) -> list[Connection]:
    """The connections that a server has accepted that closes so many turns of the loop after somebody connects."""
    accepted: list[Connection] = []

    def accept() -> Connection:
        accepted.append(Connection())
        return accepted[-1]

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    with socket.create_connection(server.sockets[0].getsockname()):
        for _ in range(turns):
            await asyncio.sleep(0)
        await stop_accepting([server])
        server.close()
        for _ in range(4):
            await asyncio.sleep(0)
    return accepted


async def test_what_is_accepted_is_begun_whenever_the_server_closes() -> None:
    accepted = [await accepted_within(turns) for turns in range(4)]

    assert [len(one) for one in (accepted[0], accepted[-1])] == [0, 1]
    assert all(connection.is_begun for one in accepted for connection in one)
