"""Password hashes, scheme v1: bcrypt with 12 rounds over the base64 of SHA-256 of the password in NFKC.

SHA-256 first, because bcrypt reads 72 bytes at most. One hash burns about 300 ms of a core: in threads of low priority,
few at once, and never more waiting than can be served soon.
"""

import asyncio
import base64
import hashlib
import os
import secrets
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cached_property
from typing import TypeVar

import bcrypt

from domain.errors import RateLimited

T = TypeVar("T")

ROUNDS = 12
SCHEME = "v1$"
MIN_LENGTH = 12
MAX_LENGTH = 1024

# The digits of bcrypt's own base64, and how many of them hold a hash.
_DIGITS = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_HASH_DIGITS = 31
# About ten seconds of one thread: who comes later would have given up before they are served.
MOST_WAITING = 32
TRY_AGAIN_AFTER = timedelta(seconds=5)
# Others are served first. Much nicer, and on a machine whose cores are all busy nobody would get in any more.
NICENESS = 5


def hashing_threads(cores: int) -> int:
    """Two at most, and one core is left to the event loop: sign-ins queue rather than starve everything else."""
    return max(1, min(2, cores - 1))


def _cores() -> int:
    """Those this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _be_nice() -> None:
    if sys.platform == "linux":  # elsewhere priorities belong to processes, not to threads
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


_threads = ThreadPoolExecutor(max_workers=hashing_threads(_cores()), thread_name_prefix="bcrypt", initializer=_be_nice)


class PasswordHasher:
    """`rounds` is 12 everywhere but in tests of other things. One per process."""

    def __init__(self, rounds: int = ROUNDS, most_waiting: int = MOST_WAITING) -> None:
        self._rounds = rounds
        self._most_waiting = most_waiting
        self._waiting = 0

    @cached_property
    def _decoy(self) -> str:
        """Checked for unknown users, so that they take as long as known ones. No password is known to have it."""
        salt = bcrypt.gensalt(self._rounds).decode()
        return SCHEME + salt + "".join(secrets.choice(_DIGITS) for _ in range(_HASH_DIGITS))

    async def hash(self, password: str) -> str:
        """The text to store, its scheme in front. Raises RateLimited when too many wait already."""
        return await self._in_thread(lambda: _hash(password, self._rounds))

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether the password is the stored one; `stored` is None for an unknown user and takes as long.

        Raises RateLimited when too many wait already.
        """
        matched = await self._in_thread(lambda: _matches(password, stored or self._decoy))
        return matched and stored is not None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= self._most_waiting:
            raise RateLimited(
                "Too many people sign in at this moment. Try again in a few seconds.", retry_after=TRY_AGAIN_AFTER
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(_threads, work)
        finally:
            self._waiting -= 1


def _digest(password: str) -> bytes:
    normal = unicodedata.normalize("NFKC", password)
    return base64.b64encode(hashlib.sha256(normal.encode()).digest())


def _hash(password: str, rounds: int) -> str:
    return SCHEME + bcrypt.hashpw(_digest(password), bcrypt.gensalt(rounds)).decode()


def _matches(password: str, stored: str) -> bool:
    if not stored.startswith(SCHEME):
        return False
    return bcrypt.checkpw(_digest(password), stored.removeprefix(SCHEME).encode())
