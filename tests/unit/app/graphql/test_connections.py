"""Open connections: how many, and how they end."""

from dataclasses import dataclass, field

import pytest

from app.graphql.call import Transport
from app.graphql.connections import FORBIDDEN, SERVICE_RESTART, Connections, OpenConnection, TooManyConnections


@dataclass
class Closings:
    heard: list[tuple[str, int]] = field(default_factory=list)

    def connection(self, principal: str, error: Exception | None = None) -> OpenConnection:
        async def close(code: int, reason: str) -> None:
            self.heard.append((principal, code))
            if error:
                raise error

        return OpenConnection(principal, Transport.WEBSOCKET, close, subject=principal)


def test_a_principal_holds_only_so_many_at_once():
    connections, closings = Connections(per_principal=2), Closings()
    first, second, third = (closings.connection("ada") for _ in range(3))
    connections.add(first)
    connections.add(second)

    with pytest.raises(TooManyConnections):
        connections.add(third)
    connections.add(closings.connection("bob"))
    connections.remove(first)
    connections.add(third)

    assert len(connections) == 3


def test_removing_twice_counts_once():
    connections, closings = Connections(per_principal=1), Closings()
    first, second = closings.connection("ada"), closings.connection("ada")
    connections.add(first)
    connections.remove(first)
    connections.remove(first)
    connections.add(second)

    with pytest.raises(TooManyConnections):
        connections.add(first)


async def test_a_subject_is_closed_alone():
    connections, closings = Connections(), Closings()
    for principal in ("ada", "bob", "ada"):
        connections.add(closings.connection(principal))

    await connections.close_subjects(lambda subject: subject == "ada", "Signed out.")

    assert closings.heard == [("ada", FORBIDDEN)] * 2


async def test_draining_closes_all_even_if_one_breaks():
    connections, closings = Connections(), Closings()
    connections.add(closings.connection("ada", RuntimeError("gone already")))
    connections.add(closings.connection("bob"))

    await connections.drain()

    assert sorted(closings.heard) == [("ada", SERVICE_RESTART), ("bob", SERVICE_RESTART)]
    assert connections.is_draining
