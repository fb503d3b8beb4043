"""The bytes of HTTP answers and WebSocket frames, looked at no further than their length. Pure."""

import os
import struct

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
HEAD_END = b"\r\n\r\n"
LAST_CHUNK = b"\r\n0\r\n\r\n"
# Server-sent stamps stand in a string of their own: "@1764146889.123456@".
STAMP = b'"@'


def answer_length(data: bytes) -> int | None:
    """How long the one HTTP answer that begins `data` is, head included; None while that cannot be told."""
    end = data.find(HEAD_END)
    if end < 0:
        return None
    head = data[:end].lower()
    found = head.find(b"\r\ncontent-length:")
    if found >= 0:
        stop = head.find(b"\r\n", found + 2)
        return end + 4 + int(head[found + 17 : stop if stop >= 0 else end])
    if b"\r\ntransfer-encoding: chunked" in head:
        return len(data) if data.endswith(LAST_CHUNK) else None
    return end + 4


def body_of(answer: bytes) -> bytes:
    """The body of a whole HTTP answer, chunks put together."""
    head, _, body = answer.partition(HEAD_END)
    if b"transfer-encoding: chunked" not in head.lower():
        return body
    parts = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        parts.append(body[:length])
        body = body[length + 2 :]
    return b"".join(parts)


def status_of(answer: bytes) -> int:
    """The status of an HTTP answer: the three digits behind the version."""
    return int(answer[9:12])


def split_frames(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole frames of a server, as (opcode, payload), and the bytes of the one that is not complete yet."""
    frames = []
    start, size = 0, len(data)
    while size - start >= 2:
        length = data[start + 1] & 127
        begin = start + 2
        if length == 126:
            begin += 2
            if size < begin:
                break
            length = data[start + 2] << 8 | data[start + 3]
        elif length == 127:
            begin += 8
            if size < begin:
                break
            (length,) = struct.unpack_from(">Q", data, start + 2)
        if size < begin + length:
            break
        frames.append((data[start] & 15, data[begin : begin + length]))
        start = begin + length
    return frames, data[start:]


def client_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A frame of a client, masked as RFC 6455 asks."""
    mask = os.urandom(4)
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    elif size < 1 << 16:
        head = struct.pack(">BBH", 0x80 | opcode, 0x80 | 126, size)
    else:
        head = struct.pack(">BBQ", 0x80 | opcode, 0x80 | 127, size)
    return head + mask + bytes(byte ^ mask[place & 3] for place, byte in enumerate(payload))


def server_frame(payload: bytes) -> bytes:
    """A text frame of a server."""
    size = len(payload)
    head = (
        bytes((0x81, size))
        if size < 126
        else struct.pack(">BBH" if size < 1 << 16 else ">BBQ", 0x81, 126 if size < 1 << 16 else 127, size)
    )
    return head + payload


def stamp_of(payload: bytes) -> float | None:
    """When the message was sent, in seconds of the machine's clock; None when it carries no stamp."""
    start = payload.find(STAMP)
    if start < 0:
        return None
    return float(payload[start + 2 : payload.index(b"@", start + 2)])
