"""What the names of events in audit logs mean, and the detectors that go by a name alone."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources

from domain.detection.detector import Detector, DetectorContext, Example, Sighting
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity

_FILE = "catalogue.toml"
_JUDGED = (EventKind.API_CALL, EventKind.SIGN_IN, EventKind.CODE)
# Calls that only look: alone they say nothing, and there are thousands of them in a quiet hour.
_LOOKING = re.compile(
    r"^(?:Get|BatchGet|List|Describe|Lookup|Head|Search|Query|Scan|Select)[A-Z]|"
    r"^(?:Secret|Key|Certificate|Vault)\w*(?:Get|List)\w*$|(?<!exec)(?<!proxy)\.(?:get|list|watch)$|/read$",
    re.IGNORECASE,
)
# The version that Lambda and CloudFront put behind the names of their calls.
_VERSION = re.compile(r"(?:_?20\d\d_?\d\d_?\d\d)(?:v\d+)?$")


@dataclass(frozen=True, slots=True)
class Named:
    """What is known of a name; `services` are those it is of, empty where that is not known."""

    group: str
    level: Severity
    services: frozenset[str]


def known_names() -> int:
    """How many names of events the catalogue has."""
    return len(_exact()) + len(_patterns())


def named(event: ProviderEvent) -> Named | None:
    """What the catalogue knows of an event's name."""
    key = (event.provider, event.name.casefold())
    found = _exact().get(key) or _exact().get((event.provider, _VERSION.sub("", event.name).casefold()))
    if found is None:
        matching = (one for (provider, pattern), one in _patterns() if _matches(key, provider, pattern))
        found = next(matching, None)
    if found is None or (found.services and event.source.casefold() not in found.services):
        return None
    return found


def catalogued(
    *,
    id: str,
    group: str,
    title: str,
    does: str,
    is_certain: bool,
    source: str,
    blind_spots: str,
    examples: tuple[Example, ...],
    left_out: tuple[str, ...] = (),
) -> Detector:
    """A detector for the names of a group that were called with success by anyone but the provider itself.

    `does` ends the sentence "Somebody has called X, which ...". What the catalogue calls HIGH or CRITICAL is so under
    conditions that a name does not show: it becomes HIGH where `is_certain`, because the name tells the whole deed, and
    else MEDIUM, because the same call is ordinary work. MEDIUM
    becomes LOW, one alert for each principal; what is lower, and names that are `left_out`, stay in the record only.
    """

    def check(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
        return None if event.name in left_out else _seen(event, group, does, is_certain=is_certain)

    return Detector(
        id=id,
        title=title,
        severity=Severity.HIGH if is_certain else Severity.MEDIUM,
        providers=tuple(Provider(name.upper()) for name in _table()),
        source=source,
        blind_spots=blind_spots,
        check=check,
        is_general=True,
        examples=examples,
    )


def _seen(event: ProviderEvent, group: str, does: str, *, is_certain: bool) -> Sighting | None:
    if event.kind not in _JUDGED or event.error is not None or event.principal_kind == "AWSService":
        return None
    if event.raw.get("readOnly") is True or _LOOKING.search(event.name):
        return None
    known = named(event)
    if known is None or known.group != group or known.level.rank > Severity.MEDIUM.rank:
        return None
    message = f"{event.principal or 'Somebody'} has called {event.name} of {event.source}, which {does}."
    if known.level is Severity.MEDIUM:
        return Sighting(message=message, severity=Severity.LOW, is_grouped=True)
    level = Severity.HIGH if is_certain else Severity.MEDIUM
    return Sighting(message=message, severity=level)


def _matches(key: tuple[Provider, str], provider: Provider, pattern: str) -> bool:
    return key[0] is provider and fnmatchcase(key[1], pattern)


@cache
def _exact() -> dict[tuple[Provider, str], Named]:
    return {key: one for key, one in _entries() if "*" not in key[1]}


@cache
def _patterns() -> tuple[tuple[tuple[Provider, str], Named], ...]:
    return tuple((key, one) for key, one in _entries() if "*" in key[1])


def _entries() -> Iterator[tuple[tuple[Provider, str], Named]]:
    merged: dict[tuple[Provider, str], Named] = {}
    for provider, groups in _table().items():
        for group, levels in groups.items():
            for level, lines in levels.items():
                for line in lines:
                    service, name = _parted(line, provider)
                    key = (Provider(provider.upper()), name.casefold())
                    before = merged[key].services if key in merged else frozenset()
                    merged[key] = Named(group, Severity(level.upper()), before | service)
    yield from merged.items()


def _parted(line: str, provider: str) -> tuple[frozenset[str], str]:
    service, space, name = line.partition(" ")
    return (frozenset({service}), name) if provider == "aws" and space else (frozenset(), line)


@cache
def _table() -> dict[str, dict[str, dict[str, list[str]]]]:
    text = resources.files(__package__).joinpath(_FILE).read_text(encoding="utf-8")
    return tomllib.loads(text)
