"""What senders of events are answered. Why something is refused stands in our log, and not in the answer."""

from collections.abc import Mapping
from datetime import timedelta

import orjson
from starlette.responses import PlainTextResponse, Response

from connectors.intake.receiver import Taken

# Help for who has set something up wrongly; the same whatever is wrong, so that nobody learns how far they got.
WORDS = {
    400: "This is not an event that is taken here, or it is too old.",
    401: "Nothing proves that this comes from the provider. Check the secret or signature that is set there.",
    403: "The event is not of an account, topic or workspace that belongs to this endpoint.",
    404: "There is no event endpoint here, or it is paused.",
    405: "Events are sent with POST.",
    408: "The request came too slowly. Send it again.",
    413: "The event is larger than is taken here.",
    429: "Too many requests came in a short time. Send this one again later.",
    500: "This went wrong here. It is noted under the id in X-Request-Id.",
    503: "This cannot be taken in just now. Send it again later.",
}
TRY_AGAIN = timedelta(seconds=5)
METHODS = "GET, OPTIONS, POST"


def refusal(status: int, retry_after: timedelta | None = None) -> Response:
    """The words for a status; another than the known ones is told as 400."""
    known = status if status in WORDS else 400
    headers = {}
    if known in {429, 503}:
        headers["retry-after"] = str(round((retry_after or TRY_AGAIN).total_seconds()) or 1)
    if known == 405:
        headers["allow"] = METHODS
    if known in {408, 413}:
        # The rest of the body is not read, so the connection cannot serve another request.
        headers["connection"] = "close"
    return PlainTextResponse(f"{WORDS[known]}\n", status_code=known, headers=headers)


def answer(taken: Taken) -> Response:
    """What the way wants its provider to be told."""
    headers: Mapping[str, str] = dict(taken.headers)
    if taken.body is None:
        return Response(status_code=taken.status, headers=headers)
    if isinstance(taken.body, str):
        return PlainTextResponse(taken.body, status_code=taken.status, headers=headers)
    content = orjson.dumps(taken.body)
    return Response(content, status_code=taken.status, headers=headers, media_type="application/json")
