"""Signatures without any library: Ed25519 as RFC 8032 has it, over canonical JSON. Part of what lies in every pack."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

# What reading what somebody has written may raise.
NOT_READABLE = (KeyError, TypeError, ValueError, AttributeError, RecursionError)
# (object, signature in hex, id of the key) -> whether a trusted key has made it.
IsSigned = Callable[[Any, Any, Any], bool]
# X, Y, Z, T: points in extended coordinates.
Point = tuple[int, int, int, int]
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)


def canonical(value: Any) -> bytes:
    """Canonical JSON: UTF-8, members sorted by name, no white space, as RFC 8785 for strings, integers and lists."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def sha256(data: bytes) -> str:
    """In small hex digits."""
    return hashlib.sha256(data).hexdigest()


def add(p: Point, q: Point) -> Point:
    """The sum of two points (RFC 8032, 5.1.4)."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_of(data: bytes) -> Point:
    """The point written so. Raises ValueError when it is none (RFC 8032, 5.1.3)."""
    number = int.from_bytes(data, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    over, under = (y * y - 1) % P, (D * y * y + 1) % P
    x = over * pow(under, 3, P) * pow(over * pow(under, 7, P), (P - 5) // 8, P) % P
    if under * x * x % P == -over % P:
        x = x * ROOT % P
    if len(data) != 32 or y >= P or under * x * x % P != over or (x == 0 and sign):
        raise ValueError("no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_made_by(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the Ed25519 signature under the message is that of the key with this public half."""
    try:
        x, y, z, t = point_of(public)
    except ValueError:
        return False
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    minus = (P - x, y, z, P - t)
    sums: tuple[Point | None, ...] = (None, BASE, minus, add(BASE, minus))
    found: Point = (0, 1, 1, 0)
    for bit in range(max(s.bit_length(), k.bit_length()) - 1, -1, -1):
        found = add(found, found)
        chosen = sums[(s >> bit & 1) + 2 * (k >> bit & 1)]
        found = found if chosen is None else add(found, chosen)
    inverse = pow(found[2], -1, P)
    written = found[1] * inverse % P | (found[0] * inverse % P & 1) << 255
    return written.to_bytes(32, "little") == signature[:32]


def trusting(publics: Iterable[str]) -> IsSigned:
    """Asks whether one of these keys, raw public halves in hex, has signed an object."""
    keys = {sha256(bytes.fromhex(public))[:16]: bytes.fromhex(public) for public in publics}

    def is_signed(members: Any, signature: Any, key_id: Any) -> bool:
        try:
            return key_id in keys and is_made_by(keys[key_id], bytes.fromhex(signature), canonical(members))
        except NOT_READABLE:
            return False

    return is_signed
