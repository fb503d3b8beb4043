"""Connections are counted by address and in all."""

from app.http.peers import Peers


def test_an_address_holds_so_many_connections_and_others_are_not_touched():
    peers = Peers(per_address=2, in_all=100)

    held = [peers.enter("a") for _ in range(3)]

    assert held == [True, True, False]
    assert peers.enter("b")


def test_a_connection_that_has_gone_makes_room():
    peers = Peers(per_address=1, in_all=100)
    peers.enter("a")
    peers.enter("a")  # refused, and counted while it lasts

    peers.leave("a")
    peers.leave("a")

    assert peers.enter("a")
    assert len(peers) == 1


def test_a_process_takes_so_many_in_all():
    peers = Peers(per_address=100, in_all=1)
    peers.enter("a")
    assert not peers.is_full

    peers.enter("b")

    assert peers.is_full
