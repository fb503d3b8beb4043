"""How billed rows are written out as FOCUS 1.2 or 1.3: which columns, in which order, filled how, printed how."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from domain.costs.column import COLUMNS, Column
from domain.costs.memo import Memo

FOCUS_VERSIONS = ("1.2", "1.3")
NEWEST = FOCUS_VERSIONS[-1]

# 1.3 splits ProviderName into who sells the service and who hosts it; a row that tells one of them tells the others as
# well as it can. Source: the specification, 1.3, which deprecates ProviderName in favour of ServiceProviderName.
_FILLED_FROM = {
    "ProviderName": ("provider_name", "service_provider_name", "host_provider_name"),
    "ServiceProviderName": ("service_provider_name", "provider_name", "host_provider_name"),
    "HostProviderName": ("host_provider_name", "service_provider_name", "provider_name"),
}
# A column that FOCUS does not define must begin so. Source: the specification, "Custom columns".
_CUSTOM = "x_"


class TooFine(Exception):
    """An amount has more decimal places than a file has room for."""


class FocusLayout:
    """The columns of one file: those of the version, then the extra ones, by name.

    `columns` are the first, `extras` the last: our name for each and the name it has in the file. Columns of 1.3 have
    no place in a file of 1.2. Raises KeyError for a version that is not written.
    """

    def __init__(self, version: str, extras: Collection[str] = ()) -> None:
        if version not in FOCUS_VERSIONS:
            raise KeyError(version)
        self.columns: Sequence[Column] = tuple(column for column in COLUMNS if column.since <= version)
        self.extras: Mapping[str, str] = _named(extras)
        self.header: Sequence[str] = (*(column.id for column in self.columns), *self.extras.values())
        self._names = [column.name for column in self.columns]
        fills = ((place, _FILLED_FROM.get(column.id)) for place, column in enumerate(self.columns))
        self._fills = [(place, names) for place, names in fills if names is not None]

    def values(self, row: Mapping[str, Any]) -> list[Any]:
        """The cells of a stored row (our column names, and `extras`) in the order of the header, None for null."""
        cells = list(map(row.get, self._names))
        for place, names in self._fills:
            cells[place] = _first(row, names)
        if self.extras:
            extras = row.get("extras") or {}
            cells += map(extras.get, self.extras)
        return cells

    def texts(self, row: Mapping[str, Any]) -> list[str]:
        """The same as text; null is the empty text."""
        # Most cells are texts or empty; a call for each of them would take as long as all the rest.
        cells = self.values(row)
        return ["" if value is None else value if isinstance(value, str) else cell_text(value) for value in cells]


def cell_text(value: Any) -> str:
    """A Decimal, datetime (UTC) or mapping of tags as a cell of CSV."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return time_text(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def time_text(moment: datetime) -> str:
    """ISO 8601 in UTC with Z; thousandths of a second only where there are any."""
    return _time_texts[moment]


def _time_text(moment: datetime) -> str:
    plain = moment.astimezone(UTC)
    spec = "milliseconds" if plain.microsecond else "seconds"
    return plain.replace(tzinfo=None).isoformat(timespec=spec) + "Z"


# A bill has few different times, and four of them in each row.
_time_texts: Memo[datetime, str] = Memo(_time_text)


def _first(row: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((value for name in names if (value := row.get(name)) is not None), None)


def _named(extras: Collection[str]) -> dict[str, str]:
    """Each extra column with the name it has in the file; names that are taken are lengthened."""
    custom = {name for name in extras if name.startswith(_CUSTOM)}
    named = {name: name for name in sorted(custom)}
    for name in sorted(set(extras) - custom):
        wanted = _CUSTOM + name
        while wanted.casefold() in {taken.casefold() for taken in named.values()}:
            wanted = _CUSTOM + wanted
        named[name] = wanted
    return named
