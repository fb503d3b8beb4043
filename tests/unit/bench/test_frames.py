"""HTTP answers and WebSocket frames are cut where they end, however they arrive."""

import pytest
from websockets.frames import Frame, Opcode

from bench.load.frames import (
    PING,
    TEXT,
    answer_length,
    body_of,
    client_frame,
    server_frame,
    split_frames,
    stamp_of,
    status_of,
)
from bench.peers.raw_sockets import unmasked

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"


def test_an_answer_is_as_long_as_its_head_says():
    assert answer_length(PLAIN) == len(PLAIN)
    assert answer_length(PLAIN[:-3]) == len(PLAIN)
    assert answer_length(PLAIN[:20]) is None


def test_a_chunked_answer_ends_with_its_last_chunk():
    assert answer_length(CHUNKED) == len(CHUNKED)
    assert answer_length(CHUNKED[:-1]) is None
    assert body_of(CHUNKED) == b"hello world"


def test_an_answer_without_a_body_ends_with_its_head():
    assert answer_length(b"HTTP/1.1 204 No Content\r\n\r\n") == 27


def test_the_status_and_the_body_are_found():
    assert (status_of(PLAIN), body_of(PLAIN)) == (200, b"hello")


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
def test_frames_of_every_length_are_cut_where_they_end(size):
    frames = [Frame(Opcode.TEXT, b"a" * size), Frame(Opcode.PING, b"b")]
    data = b"".join(frame.serialize(mask=False) for frame in frames)

    assert split_frames(data) == ([(TEXT, b"a" * size), (PING, b"b")], b"")


@pytest.mark.parametrize("size", [3, 300, 70_000])
def test_a_frame_that_arrives_in_pieces_waits_for_its_end(size):
    data = Frame(Opcode.TEXT, b"x" * size).serialize(mask=False)

    for cut in {1, 2, 3, 4, len(data) // 2, len(data) - 1}:
        assert split_frames(data[:cut]) == ([], data[:cut])


@pytest.mark.parametrize("size", [0, 125, 126, 70_000])
def test_our_own_frames_are_those_of_the_protocol(size):
    payload = b"z" * size

    assert server_frame(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)
    assert len(client_frame(payload)) == len(Frame(Opcode.TEXT, payload).serialize(mask=True))


@pytest.mark.parametrize("size", [0, 125, 126, 4000])
def test_a_masked_frame_can_be_read_again(size):
    payload = bytes(number % 251 for number in range(size))

    assert unmasked(client_frame(payload)) == payload


def test_a_stamp_is_read_out_of_a_message():
    assert stamp_of(b'{"title":"@1764146889.25@","x":1}') == 1764146889.25
    assert stamp_of(b'{"title": "@2.5@"}') == 2.5
    assert stamp_of(b'{"title":"none"}') is None
