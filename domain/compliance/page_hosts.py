"""Which hosts a page calls, as far as its text tells.

What scripts load in turn is not seen, and neither are addresses that a script puts together out of parts.
"""

import re
from collections.abc import Iterator

# What a browser fetches by itself, and where a form sends what was entered. Source: HTML Living Standard, "Fetching".
_FETCHED = frozenset(
    {"audio", "embed", "form", "frame", "iframe", "image", "img", "input", "link", "object", "script", "source"}
    | {"track", "video"}
)
# Their content is text up to their own end tag. Source: HTML Living Standard, "Raw text elements".
_RAW = frozenset({"script", "style", "textarea", "title"})
_EXECUTED = frozenset({"script", "style"})
# Scripts may write the slashes with a backslash before each.
_ADDRESS = re.compile(r"(?:\\?/){2}([a-z0-9.-]+\.[a-z]{2,})(?![a-z0-9.-])")
_NAME = re.compile(r"[a-z][a-z0-9]*")
OPEN, CLOSE = "<!--", "-->"


def parse_hosts(page: str) -> tuple[str, ...]:
    """The hosts of all addresses that a page in HTML loads or sends to, in small letters and in order.

    Links that people may follow, text and comments are left out. Takes time in proportion to the length, whatever the
    page holds.
    """
    found = {host for part in _loaded(page.lower()) for host in _ADDRESS.findall(part)}
    return tuple(sorted(found))


def _loaded(page: str) -> Iterator[str]:
    """The tags that fetch something, and what scripts and styles say."""
    position = 0
    while (start := page.find("<", position)) >= 0:
        if page.startswith(OPEN, start):
            position = _after(page, CLOSE, start + len(OPEN))
            continue
        end = _after(page, ">", start)
        name = _NAME.match(page, start + 1)
        position = end
        if name is None:
            continue
        if name[0] in _FETCHED:
            yield page[start:end]
        if name[0] in _RAW:
            position = _end_of(page, name[0], end)
            if name[0] in _EXECUTED:
                yield page[end:position]


def _after(page: str, mark: str, start: int) -> int:
    """Where a mark ends, or the page where it has none."""
    found = page.find(mark, start)
    return len(page) if found < 0 else found + len(mark)


def _end_of(page: str, name: str, start: int) -> int:
    found = page.find(f"</{name}", start)
    return len(page) if found < 0 else found
