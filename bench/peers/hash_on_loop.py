"""The product's web process with one difference: it hashes passwords on the event loop. For contrast only.

It also keeps idle connections for longer: blocked for seconds, it would take clients that wait for it for idle ones.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import uvicorn

from app.web import main
from auth.password import PasswordHasher

T = TypeVar("T")


async def _on_the_loop(self: PasswordHasher, work: Callable[[], T]) -> T:
    return work()


if __name__ == "__main__":
    PasswordHasher._in_thread = _on_the_loop  # type: ignore[method-assign]
    uvicorn.Config = partial(uvicorn.Config, timeout_keep_alive=300)  # type: ignore[misc,assignment]
    main()
