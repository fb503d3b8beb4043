"""Content negotiation: which media type an Accept header asks for. Source: RFC 9110, section 12.5.1."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"
HTML = "text/html"


class MediaRange(NamedTuple):
    type: str
    subtype: str
    quality: float

    def specificity(self, media_type: str) -> int:
        """How closely the range names the media type: 3 exactly, 2 its family, 1 anything, 0 not at all."""
        type_, _, subtype = media_type.partition("/")
        if (self.type, self.subtype) == (type_, subtype):
            return 3
        if (self.type, self.subtype) == (type_, "*"):
            return 2
        return int((self.type, self.subtype) == ("*", "*"))


# Clients send a handful of headers; one longer than this is worked out each time.
MAX_REMEMBERED = 200


def negotiate(header: str | None, offered: tuple[str, ...]) -> str | None:
    """The offered media type the header prefers, or None when it accepts none.

    Among equals, and without a header, the one offered first.
    """
    if header is None or not header.strip():
        return offered[0]
    return _remembered(header, offered) if len(header) <= MAX_REMEMBERED else _preferred(header, offered)


def _preferred(header: str, offered: tuple[str, ...]) -> str | None:
    ranges = list(_ranges(header))
    best = max(offered, key=lambda media_type: _quality(media_type, ranges))
    return best if _quality(best, ranges) > 0 else None


_remembered = lru_cache(maxsize=256)(_preferred)


def media_type_of(content_type: str | None) -> tuple[str, dict[str, str]]:
    """(media type, parameters) of a Content-Type header, in lower case; "" without one."""
    media_type, *parameters = (content_type or "").lower().split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return media_type.strip(), {name.strip(): value.strip().strip('"') for name, _, value in pairs}


def _quality(media_type: str, ranges: Sequence[MediaRange]) -> float:
    matching = [each for each in ranges if each.specificity(media_type)]
    return max(matching, key=lambda each: each.specificity(media_type)).quality if matching else 0.0


def _ranges(header: str) -> Iterator[MediaRange]:
    for part in header.split(","):
        media_range, parameters = media_type_of(part)
        type_, _, subtype = media_range.partition("/")
        try:
            quality = float(parameters.get("q", "1"))
        except ValueError:
            continue  # a range that cannot be read is as good as not sent
        if type_ and subtype and 0 <= quality <= 1:
            yield MediaRange(type_, subtype, quality)
