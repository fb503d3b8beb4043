"""The one MongoDB client of a process, and the migrations that every start can repeat."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from beanie import init_beanie
from bson import CodecOptions, Decimal128
from bson.codec_options import TypeCodec, TypeRegistry
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import CollectionInvalid, OperationFailure
from pymongo.monitoring import CommandListener

from documents.budget import complete_budgets
from documents.cost_rollup_making import make_rollups
from documents.every_document import ALL
from documents.finding_group import complete_findings
from documents.tally import recount_all

NAMESPACE_EXISTS = 48  # MongoDB error codes, NamespaceExists
INDEX_NOT_FOUND = 27  # the same, IndexNotFound

# Indexes of earlier versions that nothing reads any more.
OBSOLETE_INDEXES = {
    "alerts": {"org_newest", "org_raised", "org_state_newest", "org_state_raised"},
    "client_accesses": {"msp_created"},
    "findings": {"org_state_severity"},
    "memberships": {"org"},
    "organizations": {"msp"},
    "outbox": {"created_at"},
    "resources": {"org_kind_name"},
}


class DecimalCodec(TypeCodec):
    """Money is Decimal on our side and Decimal128 (34 digits) on MongoDB's."""

    python_type = Decimal
    bson_type = Decimal128

    def transform_python(self, value: Decimal) -> Decimal128:
        return Decimal128(value)

    def transform_bson(self, value: Decimal128) -> Decimal:
        return value.to_decimal()


CODECS: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, type_registry=TypeRegistry([DecimalCodec()]))


def connect(
    url: str, *, max_pool_size: int = 50, listeners: Sequence[CommandListener] = ()
) -> AsyncMongoClient[dict[str, Any]]:
    """A client for this event loop; `listeners` are told of every command. Nothing is asked of the server yet."""
    return AsyncMongoClient(
        url,
        tz_aware=True,
        type_registry=CODECS.type_registry,
        maxPoolSize=max_pool_size,
        serverSelectionTimeoutMS=15_000,
        connectTimeoutMS=5_000,
        retryWrites=True,
        w="majority",
        appname="cloudwatcher",
        event_listeners=list(listeners),
    )


async def open_database(client: AsyncMongoClient[dict[str, Any]], name: str) -> AsyncDatabase[dict[str, Any]]:
    """Bind the documents to the database. Indexes are the work of `migrate`."""
    database = client[name]
    await init_beanie(database=database, document_models=list(ALL), skip_indexes=True)
    return database


async def migrate(client: AsyncMongoClient[dict[str, Any]], name: str) -> list[str]:
    """Create what is missing of collections, indexes, totals and tallies, drop obsolete indexes; what it did, in words.

    Safe to repeat and to run twice at once: MongoDB makes one index of two equal asks.
    """
    database = await open_database(client, name)
    existing = set(await database.list_collection_names())
    made = []
    for document in ALL:
        settings = document.get_settings()
        collection = str(settings.name)
        if collection not in existing and await _made_collection(database, collection):
            made.append(f"made collection {collection}")
        indexes = [field.index for field in settings.indexes or []]
        if indexes:
            before = set(await database[collection].index_information())
            names = await database[collection].create_indexes(indexes)
            made += [f"made index {collection}.{index}" for index in names if index not in before]
            for index in sorted(OBSOLETE_INDEXES.get(collection, set()) & before):
                await _drop_index(database, collection, index)
                made.append(f"dropped index {collection}.{index}")
    counted = {
        **await make_rollups(),
        "tallies": await recount_all(),
        "budgets whole": await complete_budgets(),
        "priorities of findings": await complete_findings(),
    }
    return made + [f"made {name}: {count}" for name, count in counted.items() if count]


async def _drop_index(database: AsyncDatabase[dict[str, Any]], collection: str, index: str) -> None:
    try:
        await database[collection].drop_index(index)
    except OperationFailure as error:  # the other of two migrations was faster
        if error.code != INDEX_NOT_FOUND:
            raise


async def _made_collection(database: AsyncDatabase[dict[str, Any]], name: str) -> bool:
    """False when the other of two migrations was faster."""
    try:
        await database.create_collection(name)
    except CollectionInvalid:
        return False
    except OperationFailure as error:
        if error.code != NAMESPACE_EXISTS:
            raise
        return False
    return True


async def missing_indexes(database: AsyncDatabase[dict[str, Any]]) -> list[str]:
    """Names of indexes that `migrate` would make."""
    missing = []
    for settings in (document.get_settings() for document in ALL):
        present = set(await database[str(settings.name)].index_information())
        wanted = [str(field.index.document["name"]) for field in settings.indexes or []]
        missing += [f"{settings.name}.{index}" for index in wanted if index not in present]
    return missing
