"""The product's web process with one difference: it hashes passwords on the event loop. For contrast only."""

from collections.abc import Callable
from typing import TypeVar

from app.web import main
from auth.password import PasswordHasher

T = TypeVar("T")


async def _on_the_loop(self: PasswordHasher, work: Callable[[], T]) -> T:
    return work()


if __name__ == "__main__":
    PasswordHasher._in_thread = _on_the_loop  # type: ignore[method-assign]
    main()
