"""The load generators count what a server really sent, and nothing else."""

import socket
import threading
from contextlib import contextmanager

import pytest

from bench.load.frames import HEAD_END, server_frame
from bench.load.http import Load, Stalled, figures
from bench.load.sockets import Sockets, counted

OK = b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"data":{}}'
MESSAGE = server_frame(b'{"type":"next","title":"@1.0@","filler":"' + b"x" * 200 + b'"}')


@contextmanager
def toy(talk):
    """A server on loopback; `talk(connection)` runs in a thread for each connection and is awaited at the end."""
    threads = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                thread = threading.Thread(target=talk, args=(connection,), daemon=True)
                thread.start()
                threads.append(thread)

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        accepting.join(10)
        for thread in threads:
            thread.join(10)


def answering(*answers):
    """Gives these answers in turn, over and over, on each connection; `asked` counts the requests."""
    asked = []

    def talk(connection):
        with connection:
            number = 0
            while connection.recv(65536):
                asked.append(number)
                connection.sendall(answers[number % len(answers)])
                number += 1

    return talk, asked


def load_on(port, requests, **options):
    chosen = {"connections": 2, "is_once": False, "expects": b"data", **options}
    return Load(port, requests, **chosen)


def test_every_answer_is_counted_once():
    talk, asked = answering(OK)

    with toy(talk) as port:
        load = load_on(port, [b"GET / HTTP/1.1\r\n\r\n"] * 50, is_once=True)
        found = figures(load, 5.0)
        load.close()

    assert (found["requests"], found["bad"], len(asked)) == (50, 0, 50)
    assert found["bytes"] == len(OK)


def test_an_answer_that_arrives_in_two_pieces_is_one():
    def talk(connection):
        with connection:
            while connection.recv(65536):
                connection.sendall(OK[:-4])
                connection.sendall(OK[-4:])

    with toy(talk) as port:
        load = load_on(port, [b"x"] * 20, is_once=True)
        found = figures(load, 5.0)
        load.close()

    assert (found["requests"], found["bad"]) == (20, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        OK.replace(b"200", b"500"),
        b'HTTP/1.1 200 OK\r\ncontent-length: 25\r\n\r\n{"data":{},"errors":[{}]}',
        OK.replace(b"data", b"else"),
    ],
    ids=["status", "errors", "mark"],
)
def test_a_wrong_answer_is_noticed(wrong):
    talk, _ = answering(OK, wrong)

    with toy(talk) as port:
        load = load_on(port, [b"x"] * 10, is_once=True, connections=1)
        found = figures(load, 5.0)
        load.close()

    assert (found["requests"], found["bad"]) == (10, 5)


def test_connections_that_pause_ask_again_only_after_it():
    talk, asked = answering(OK)

    with toy(talk) as port:
        load = load_on(port, [b"x", b"y"], connections=3, pause=0.2)
        found = figures(load, 0.5)
        load.close()

    # Each asks at 0.0, 0.2 and 0.4 s, or a little later, but never at 0.6 s.
    assert 3 < found["requests"] <= 9
    assert len(asked) == found["requests"]
    assert len(found["p95_by_request"]) == 2


def test_a_server_that_hangs_up_is_noticed():
    with toy(lambda connection: connection.close()) as port:
        load = load_on(port, [b"x"])
        with pytest.raises((Stalled, ConnectionError)):
            load.run(5.0)
        load.close()


def subscribing(messages):
    """Speaks graphql-transport-ws to one client, then sends so many messages, cut in the middle of one."""

    def talk(connection):
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 101 Switching Protocols" + HEAD_END)
            connection.recv(65536)
            connection.sendall(server_frame(b'{"type":"connection_ack"}'))
            connection.recv(65536)
            if ready.wait(10):
                data = MESSAGE * messages + server_frame(b'{"type":"ping"}')
                connection.sendall(data[:300])
                connection.sendall(data[300:])
            while connection.recv(65536):
                pass

    ready = threading.Event()
    return talk, ready


def test_every_message_on_every_socket_is_counted_and_no_ping():
    talk, ready = subscribing(7)

    with toy(talk) as port:
        sockets = Sockets(port, {}, "subscription { x }")
        sockets.join(3)
        ready.set()
        found = counted(sockets, 0.5)
        sockets.close()

    assert found["frames"] + found["late"] == 3 * 7
    assert found["closed"] == 0
    # Sent at second 1.0 of the clock: half a century ago at least.
    assert found["p50"] > 50 * 365 * 86_400_000
