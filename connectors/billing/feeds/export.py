"""Exports that a provider writes to a bucket: by the manifest of each month, whole or not at all."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from connectors.billing.feed import Fetched, Offer, TooLarge, Vanished
from connectors.billing.object_store import ObjectStore, read_whole, save
from domain.costs.delivery import DeliveredMonth, Layout, NotWhole, StoredObject, files_of, months_of
from domain.errors import ProviderError

# Of one export over the years, with many runs kept. Beyond that the prefix is not that of an export.
MOST_OBJECTS = 200_000


class ExportFeed:
    """One export under a prefix. `most_bytes` bounds what is fetched of one month."""

    def __init__(self, store: ObjectStore, layout: Layout, prefix: str, most_bytes: int) -> None:
        self._store, self._layout, self._prefix, self._most_bytes = store, layout, prefix, most_bytes
        self._months: dict[date, DeliveredMonth] = {}
        self._files: dict[date, Sequence[StoredObject]] = {}

    async def offers(self, known: Mapping[date, str], today: date) -> Sequence[Offer]:
        """See Feed. Raises Invalid when there is more than one export."""
        self._months = months_of(self._layout, await self._listed())
        return [
            await self._offer(delivered)
            for month, delivered in sorted(self._months.items())
            if delivered.mark != known.get(month)
        ]

    async def fetch(self, offer: Offer, folder: Path) -> Fetched:
        """See Feed. Raises TooLarge before anything is fetched."""
        files = self._files[offer.month]
        size = sum(one.size for one in files)
        if size > self._most_bytes:
            message = f"{offer.month:%Y-%m} has {size} bytes; at most {self._most_bytes} are fetched of a month."
            raise TooLarge(message, service=self._store.service)
        paths = []
        for number, one in enumerate(files):
            # Numbered: parts of several folders may have the same name.
            path = folder / f"{number:05d}-{one.name}"
            await save(self._store, one, path)
            paths.append(path)
        return Fetched(paths, {one.key: one.etag for one in files}, size)

    async def _listed(self) -> list[StoredObject]:
        found = []
        async for one in self._store.listed(f"{self._prefix}/"):
            found.append(one)
            if len(found) > MOST_OBJECTS:
                message = f"There are more than {MOST_OBJECTS} objects under the prefix: name the export's own."
                raise ProviderError(message, service=self._store.service)
        return found

    async def _offer(self, delivered: DeliveredMonth) -> Offer:
        month, mark = delivered.month, delivered.mark
        if delivered.manifest is None:
            return Offer(month, mark, waits_for="the manifest, which is written last")
        try:
            manifest = await self._manifest(delivered.manifest)
            self._files[month] = files_of(self._layout, delivered, manifest)
        except Vanished:
            return Offer(month, mark, waits_for="the manifest, which is being written")
        except NotWhole as error:
            return Offer(month, mark, waits_for=str(error))
        return Offer(month, mark)

    async def _manifest(self, one: StoredObject) -> Any:
        """Parsed. Raises NotWhole for one that is cut short, which a reader may see while it is written."""
        content = await read_whole(self._store, one)
        try:
            return orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
        except ValueError as error:
            raise NotWhole("a manifest that can be read") from error
