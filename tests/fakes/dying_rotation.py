"""A rotation of data keys in a process of its own that kills itself (SIGKILL) at the moment it is told.

Run as `python -m tests.fakes.dying_rotation URL DATABASE MOMENT NUMBER`, the master key in base64 on standard input.
MOMENT is a step's words, or "change": a key is retired and no other is made yet.
"""

import asyncio
import base64
import os
import signal
import sys
from datetime import timedelta
from typing import Any

from documents.database import connect
from documents.key_rotation import KeyProgress, rewrap_keys, rotate_keys
from documents.master_key import MasterKeys, local_master_key
from documents.sealed import SealedField
from documents.vault import Vault

COLLECTION, FIELD, GRACE = "things", "secret", timedelta(milliseconds=1500)


def end_at(moment: str, number: int) -> Any:
    """What is told of progress, and dies of it."""

    def tell(now: KeyProgress) -> None:
        if (now.step, now.done) == (moment, number):
            os.kill(os.getpid(), signal.SIGKILL)

    return tell


async def die(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, database: str, moment: str, number: int) -> None:
    keys = [local_master_key(base64.b64decode(line)) for line in sys.stdin.read().split()]
    vault = Vault(connect(url), database, MasterKeys(keys[0], tuple(keys[1:])))
    if moment == "change":
        vault.make_key = die  # type: ignore[method-assign]
    if len(keys) > 1:
        await rewrap_keys(vault, end_at(moment, number))
    else:
        field = SealedField(vault.database[COLLECTION], FIELD)
        await rotate_keys(vault, [field], end_at(moment, number), grace=GRACE)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
