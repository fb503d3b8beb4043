"""What every stored thing of a tenant shares: an organization, scoped access, raw reads. Not for global things."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, NoReturn, Self

from beanie import Document, PydanticObjectId
from bson import ObjectId
from bson.errors import InvalidId
from pydantic import Field
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from documents.page import Keyset, Page
from domain.errors import Forbidden, NotFound
from domain.facts.scope import Scope


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


class Row:
    """A document as read, without validation: its attributes are the stored fields, `id` for `_id`."""

    id: ObjectId
    org_id: ObjectId

    def __init__(self, raw: dict[str, Any]) -> None:
        raw["id"] = raw.pop("_id")
        self.__dict__ = raw


class TenantDocument(Document):
    """A thing that belongs to one organization. Reads take a Scope; the unscoped finders of Beanie are closed.

    `noun` is the customer's word for it, used in "There is no such …".
    """

    noun: ClassVar[str] = "thing"
    Row: ClassVar[type[Row]] = Row

    org_id: PydanticObjectId
    created_at: datetime = Field(default_factory=utc_now)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.Row = type(f"{cls.__name__}Row", (Row,), {})

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
        return {"org_id": {"$in": [ObjectId(org_id) for org_id in sorted(scope.org_ids)]}}

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
        """At most `limit` whole documents in scope, for jobs; requests read pages."""
        cursor = cls.rows().find({**filter, **cls.within(scope)}, session=session).limit(limit)
        return [cls.stored(raw) async for raw in cursor]

    @classmethod
    async def page_in(
        cls, scope: Scope, filter: Mapping[str, Any], keyset: Keyset, *, first: int, after: Sequence[Any] | None = None
    ) -> Page[Any]:
        """At most `first` rows in scope in the keyset's order, after the given sort values."""
        clauses: list[Mapping[str, Any]] = [cls.within(scope), filter]
        if after is not None:
            clauses.append(keyset.after(after))
        query = {"$and": [clause for clause in clauses if clause]}
        raws = await cls.rows().find(query, sort=keyset.sort(), limit=first + 1).to_list()
        rows = [cls.Row(raw) for raw in raws[:first]]
        return Page(rows=rows, has_next=len(raws) > first)

    @classmethod
    async def count_in(cls, scope: Scope, filter: Mapping[str, Any], *, cap: int) -> int:
        """How many are in scope, counted no further than `cap`."""
        return await cls.rows().count_documents({**filter, **cls.within(scope)}, limit=cap)

    @classmethod
    async def load_many(cls, scope: Scope, ids: Sequence[str]) -> list[Any]:
        """Rows in the order of `ids` for a loader; None where an id is absent or out of scope."""
        wanted = [ObjectId(id) for id in ids]
        found = {
            str(raw["_id"]): cls.Row(raw)
            async for raw in cls.rows().find({"_id": {"$in": wanted}, **cls.within(scope)})
        }
        return [found.get(id) for id in ids]

    async def add(self, session: AsyncClientSession | None = None) -> Self:
        """Store a new document as it stands."""
        await self.insert(session=session)
        return self

    @classmethod
    def _closed(cls, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(f"{cls.__name__} belongs to a tenant: use get_in, find_in, list_in or page_in with a Scope.")

    get = find = find_one = find_many = find_all = all = count = aggregate = _closed
    delete_all = update_all = inspect_collection = distinct = _closed
