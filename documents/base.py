"""What every stored thing of a tenant shares: an organization, scoped access, raw reads. Not for global things."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar, NoReturn, Self

from beanie import Document, PydanticObjectId
from bson import CodecOptions, ObjectId
from bson.errors import InvalidId
from pydantic import Field
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from documents.page import Keyset, Page, read_page
from documents.reading import Reading
from documents.row import Row, row_class, rows_of
from domain.errors import Forbidden, NotFound
from domain.facts.scope import Scope

# MongoDB merges the sorted scans of at most 200 values; beyond that it sorts everything in memory. Half of it leaves
# room for a filter with two values.
ORGS_AT_ONCE = 100
# Rows turn decimals and instants themselves: the driver looks for the ones everywhere, and asks for the zone of each of
# the others in Python.
PLAIN: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=False)


def utc_now() -> datetime:
    """Now, cut to milliseconds, because that is what MongoDB keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def object_id(text: str, noun: str) -> ObjectId:
    """`text` as an ObjectId. Raises NotFound, as for any other id that leads nowhere."""
    try:
        return ObjectId(text)
    except (InvalidId, TypeError) as error:
        raise NotFound.of(noun) from error


@lru_cache(maxsize=64)
def _object_ids(org_ids: frozenset[str]) -> tuple[ObjectId, ...]:
    return tuple(ObjectId(org_id) for org_id in sorted(org_ids))


def _among(orgs: Sequence[ObjectId]) -> dict[str, Any]:
    return {"org_id": orgs[0] if len(orgs) == 1 else {"$in": orgs}}


class TenantDocument(Document):
    """A thing that belongs to one organization. Reads take a Scope; the unscoped finders of Beanie are closed.

    `noun` is the customer's word for it, used in "There is no such …". `always_read` are the fields every row has.
    `sealed` are the fields that hold cipher texts of the vault: rotation of keys finds them by it.
    """

    noun: ClassVar[str] = "thing"
    always_read: ClassVar[tuple[str, ...]] = ("org_id",)
    sealed: ClassVar[tuple[str, ...]] = ()
    Row: ClassVar[type[Row]] = Row

    org_id: PydanticObjectId
    created_at: datetime = Field(default_factory=utc_now)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        types = {name: field.annotation for name, field in cls.model_fields.items()}
        cls.Row = row_class(f"{cls.__name__}Row", types)

    @classmethod
    def rows(cls) -> AsyncCollection[dict[str, Any]]:
        """The raw collection, for use inside `documents/` only."""
        return cls.get_pymongo_collection()

    @classmethod
    def stored(cls, raw: Mapping[str, Any]) -> Self:
        """The document that MongoDB keeps as `raw`."""
        document: Self = cls.model_validate(raw)
        return document

    @classmethod
    def within(cls, scope: Scope) -> dict[str, Any]:
        """The filter every tenant query starts from."""
        return _among(_object_ids(scope.org_ids))

    @classmethod
    async def get_in(cls, scope: Scope, id: str, *, session: AsyncClientSession | None = None) -> Self:
        """The document with this id (24 hex digits).

        Raises NotFound when it is absent or another tenant's, Forbidden when the actor sees but may not do this there.
        """
        raw = await cls.rows().find_one({"_id": object_id(id, cls.noun)}, session=session)
        if raw is None or str(raw["org_id"]) not in scope.visible:
            raise NotFound.of(cls.noun)
        if str(raw["org_id"]) not in scope.org_ids:
            raise Forbidden(f"Your role does not allow this on this {cls.noun}.")
        return cls.stored(raw)

    @classmethod
    async def find_in(
        cls, scope: Scope, filter: Mapping[str, Any], *, session: AsyncClientSession | None = None
    ) -> Self | None:
        """The first document in scope that matches the filter, or None."""
        raw = await cls.rows().find_one({**filter, **cls.within(scope)}, session=session)
        return None if raw is None else cls.stored(raw)

    @classmethod
    async def list_in(
        cls, scope: Scope, filter: Mapping[str, Any], *, limit: int = 1000, session: AsyncClientSession | None = None
    ) -> list[Self]:
        """At most `limit` whole documents in scope (0: all), for jobs; requests read pages."""
        cursor = cls.rows().find({**filter, **cls.within(scope)}, session=session).limit(limit)
        return [cls.stored(raw) async for raw in cursor]

    @classmethod
    async def page_in(
        cls,
        scope: Scope,
        filter: Mapping[str, Any],
        keyset: Keyset,
        *,
        first: int,
        after: Sequence[Any] | None = None,
        reading: Reading | None = None,
    ) -> Page[Any]:
        """At most `first` rows in scope in the keyset's order, after the given sort values.

        Rows hold what `reading` names, everything when it is None. Related rows are read by `read_relations`.
        """
        orgs = _object_ids(scope.org_ids)
        within = [_among(orgs[start : start + ORGS_AT_ONCE]) for start in range(0, len(orgs), ORGS_AT_ONCE)]
        collection, fields, projection = cls._read(reading, keyset.names)
        raws = await read_page(collection, within, filter, keyset, first=first, after=after, projection=projection)
        rows = rows_of(cls.Row, fields, raws[:first])
        await cls.complete(rows)
        return Page(rows=rows, has_next=len(raws) > first)

    @classmethod
    async def count_in(cls, scope: Scope, filter: Mapping[str, Any], *, cap: int) -> int:
        """How many are in scope, counted no further than `cap`."""
        return await cls.rows().count_documents({**filter, **cls.within(scope)}, limit=cap)

    @classmethod
    async def rows_by_id(
        cls, scope: Scope, ids: Collection[ObjectId], reading: Reading | None = None
    ) -> dict[ObjectId, Any]:
        """Rows by their id; what is absent or out of scope is left out. They hold what `reading` names, or everything.

        Related rows are not read with them.
        """
        if not ids:
            return {}
        collection, fields, projection = cls._read(reading)
        query = {"_id": {"$in": list(ids)}, **cls.within(scope)}
        # Told to use the ids, because an index that begins with org_id looks as good while there are few rows.
        raws = await collection.find(query, projection, hint="_id_").to_list()
        rows = rows_of(cls.Row, fields, raws)
        await cls.complete(rows)
        return {row.id: row for row in rows}

    @classmethod
    async def load_many(cls, scope: Scope, ids: Sequence[str]) -> list[Any]:
        """Whole rows in the order of `ids` for a loader; None where an id is absent or out of scope."""
        wanted = [ObjectId(id) for id in ids]
        found = await cls.rows_by_id(scope, wanted)
        return [found.get(id) for id in wanted]

    @classmethod
    def _read(
        cls, reading: Reading | None, sorted_by: tuple[str, ...] = ()
    ) -> tuple[AsyncCollection[dict[str, Any]], tuple[str, ...], dict[str, int] | None]:
        """Where to read, the fields of a row to make, and the projection that asks for just these."""
        if reading is None:
            return cls.rows(), cls.Row.stored, None
        fields = tuple(dict.fromkeys((*cls.always_read, *sorted_by, *reading.fields)))
        is_flat = cls.Row.nested.isdisjoint(fields)
        collection = cls.rows().with_options(codec_options=PLAIN) if is_flat else cls.rows()
        return collection, fields, dict.fromkeys(fields, 1)

    @classmethod
    async def complete(cls, rows: Sequence[Any]) -> None:
        """Put into the rows of a page what stands elsewhere; for most documents nothing does."""

    async def add(self, session: AsyncClientSession | None = None) -> Self:
        """Store a new document as it stands."""
        await self.insert(session=session)
        return self

    @classmethod
    def _closed(cls, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(f"{cls.__name__} belongs to a tenant: use get_in, find_in, list_in or page_in with a Scope.")

    get = find = find_one = find_many = find_all = all = count = aggregate = _closed
    delete_all = update_all = inspect_collection = distinct = _closed
