"""Reads the body of an event, and no more of it than its way takes."""

from starlette.requests import ClientDisconnect, Request

from connectors.intake.receiver import Refusal


async def bounded_body(request: Request, most_bytes: int) -> bytes:
    """The body. Raises Refusal for one that is larger: at once where its length is told, else when it gets there."""
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told[:20]) > most_bytes:
        raise _too_large(most_bytes)
    content = bytearray()
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        content += message.get("body", b"")
        if len(content) > most_bytes:
            raise _too_large(most_bytes)
        if not message.get("more_body", False):
            return bytes(content)


def _too_large(most_bytes: int) -> Refusal:
    return Refusal(413, f"the body has more than {most_bytes} bytes")
