"""Password hashes, scheme v1: bcrypt with 12 rounds over the base64 of SHA-256 of the password.

SHA-256 first, because bcrypt reads 72 bytes at most. One hash burns about 300 ms of a core: in threads, few at once.
"""

import asyncio
import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import bcrypt

ROUNDS = 12
SCHEME = "v1$"
MIN_LENGTH = 12
MAX_LENGTH = 1024

# Two at a time: sign-ins queue rather than starve everything else of its cores.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="bcrypt")


class PasswordHasher:
    """`rounds` is 12 everywhere but in tests of other things."""

    def __init__(self, rounds: int = ROUNDS) -> None:
        self._rounds = rounds

    @cached_property
    def _decoy(self) -> str:
        """Checked for unknown users, so that they take as long as known ones."""
        return _hash("no user has this password", self._rounds)

    async def hash(self, password: str) -> str:
        """The text to store, its scheme in front."""
        return await asyncio.get_running_loop().run_in_executor(_threads, _hash, password, self._rounds)

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether the password is the stored one; `stored` is None for an unknown user and takes as long."""
        loop = asyncio.get_running_loop()
        matched = await loop.run_in_executor(_threads, lambda: _matches(password, stored or self._decoy))
        return matched and stored is not None


def _digest(password: str) -> bytes:
    return base64.b64encode(hashlib.sha256(password.encode()).digest())


def _hash(password: str, rounds: int) -> str:
    return SCHEME + bcrypt.hashpw(_digest(password), bcrypt.gensalt(rounds)).decode()


def _matches(password: str, stored: str) -> bool:
    if not stored.startswith(SCHEME):
        return False
    return bcrypt.checkpw(_digest(password), stored.removeprefix(SCHEME).encode())
