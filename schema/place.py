"""Places in a list: the sort values of an item, sealed into the cursor that clients see."""

from collections.abc import Sequence
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.errors import InvalidBSON

from auth.signer import Signer
from domain.errors import BadCursor
from schema.scalars import Cursor

_CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


class Places:
    """`signer` keeps clients from making cursors up; `mark` keeps those of one list from being used in another."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def seal(self, values: Sequence[Any], mark: str) -> Cursor:
        """The cursor of an item with these sort values."""
        return Cursor(self._signer.seal(bson.encode({"mark": mark, "values": values})))

    def open(self, cursor: str, mark: str) -> list[Any]:
        """The sort values again. Raises BadCursor for one that was not sealed here, or for another list."""
        sealed = self._signer.open(cursor)
        try:
            place: dict[str, Any] = {} if sealed is None else bson.decode(sealed, _CODEC)
        except InvalidBSON:  # sealed by an earlier version
            place = {}
        if "mark" not in place:
            raise BadCursor("This cursor was not made by this list. Leave out `after` to begin anew.", path=("after",))
        if place["mark"] != mark:
            raise BadCursor(
                "This cursor belongs to a list with another filter or order. Leave out `after` to begin anew.",
                path=("after",),
            )
        values: list[Any] = place["values"]
        return values
