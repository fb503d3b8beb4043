"""Secrets made to be looked for: each with a core that is found in whatever form it was written down."""

import base64
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Canary:
    """`text` is the secret. Quotes, slashes and accents around the core make sure that encodings show their work."""

    name: str
    core: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def text(self) -> str:
        return f'{self.core}/+="\\é'

    @property
    def word(self) -> str:
        """For where no special signs are allowed."""
        return f"cw-{self.core}"

    def forms(self) -> dict[str, bytes]:
        """What gives it away. Escaping for JSON or URLs leaves the core as it is: `plain` finds those as well."""
        core = self.core.encode()
        return {
            "plain": core,
            "hex": core.hex().encode(),
            "HEX": core.hex().upper().encode(),
            "utf-16": self.core.encode("utf-16-le"),
            # In base64 a text looks different by where it begins in its group of three; the ends, shared with
            # neighbours, are cut.
            **{f"base64 at {shift}": base64.b64encode(b"\0" * shift + core)[4:-4] for shift in range(3)},
        }


def traces(canaries: list[Canary], content: bytes) -> list[str]:
    """Which canaries are in it, and in which form."""
    return [
        f"{canary.name} ({form})" for canary in canaries for form, look in canary.forms().items() if look in content
    ]


def files_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file with its content but for empty pages; those that vanish in between are left out."""
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file():
                yield path, path.read_bytes().replace(bytes(4096), b"")
        except FileNotFoundError:
            continue
