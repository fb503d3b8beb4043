"""Where events come from and go to, as the texts to copy need it."""

import re
from dataclasses import dataclass

# Where a secret stands in the shell that the commands are pasted into; it is shown once and not known here.
SHOWN_ONCE = 'SECRET="the secret that was shown when the endpoint was made"'
_UNSAFE = re.compile(r"[^A-Za-z0-9 _.,:/@=+~-]")


@dataclass(frozen=True, kw_only=True)
class EventPlace:
    """`address` is that of the endpoint, empty for what is pulled; `account` is the native id of its account."""

    address: str
    account: str


def plain(text: str) -> str:
    """A setting as it may stand in a command: without the characters that shells and Terraform read as their own."""
    return _UNSAFE.sub("", text)
