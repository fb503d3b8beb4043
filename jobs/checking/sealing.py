"""Where what was judged becomes evidence."""

from collections.abc import Sequence
from typing import Any

from bson import ObjectId

from documents.transaction import Transaction


async def seal(_tx: Transaction, _org_id: ObjectId, _records: Sequence[dict[str, Any]]) -> None:
    """Append to the chain of evidence, in the transaction that stores the results."""
