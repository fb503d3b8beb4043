"""The permissions that the guides list, out of what the vendors' reads need. `make guides` writes them."""

import re
from pathlib import Path

from connectors.reading.needs import needs_of
from connectors.registry import registrations
from domain.facts.provider import Provider
from domain.setup.level import AccessLevel
from domain.setup.vendors import setup_of

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
BLOCK = re.compile(r"(<!-- permissions -->\n```text\n)(.*?)(```)", re.DOTALL)


def guide_of(provider: Provider) -> Path:
    return GUIDES / f"connect-{provider.value.lower()}.md"


def listed(provider: Provider) -> list[str]:
    """What the guide of a vendor lists."""
    found = BLOCK.search(guide_of(provider).read_text())
    assert found is not None, f"{guide_of(provider).name} lists no permissions"
    return found[2].splitlines()


def needed(provider: Provider) -> list[str]:
    """What reading takes."""
    needs = needs_of(registrations()[provider])
    return setup_of(provider, needs, AccessLevel.READ, "cw-").permissions


def main() -> None:
    for provider in registrations():
        path, lines = guide_of(provider), "".join(f"{name}\n" for name in needed(provider))
        path.write_text(BLOCK.sub(lambda found, lines=lines: f"{found[1]}{lines}{found[3]}", path.read_text()))


if __name__ == "__main__":
    main()
