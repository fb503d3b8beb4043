"""Stamps of a time authority: somebody else's signature that a text was there at a time. Source: RFC 3161."""

import asyncio
from pathlib import Path

import httpx2
from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from connectors.outside import SECONDS, client_options, translated
from domain.errors import Misshapen, Unavailable

SERVICE = "time authority"
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
MOST_BYTES = 64 * 1024


class Stamper:
    """Asks one authority. `roots` are the certificates that its own must lead to; without any, that is not checked."""

    def __init__(self, url: str, *, roots: tuple[Certificate, ...] = (), allow_private: bool = False) -> None:
        self._url, self._roots, self._allow_private = url, roots, allow_private

    async def stamp(self, text: bytes) -> bytes:
        """The authority's answer over SHA-256 of the text, in DER.

        Raises Unavailable when it does not answer, Misshapen when the answer is no stamp of this text.
        """
        asked = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256).build()
        with translated(SERVICE):
            options = client_options(self._allow_private, MOST_BYTES)
            async with asyncio.timeout(SECONDS), httpx2.AsyncClient(**options) as client:
                headers = {"content-type": QUERY, "accept": REPLY}
                answer = await client.post(self._url, content=asked.as_bytes(), headers=headers)
        if answer.status_code != httpx2.codes.OK:
            raise Unavailable(f"The {SERVICE} answers with status {answer.status_code}.", service=SERVICE)
        try:
            stamped = decode_timestamp_response(answer.content)
            if stamped.status not in (0, 1) or stamped.tst_info.nonce != asked.nonce:
                raise Misshapen(f"The {SERVICE} refused, or answered another request.", service=SERVICE)
        except ValueError as error:
            raise Misshapen(f"The {SERVICE} does not answer with a time stamp: {error}", service=SERVICE) from error
        check_stamp(stamped, text, self._roots)
        return answer.content


def check_stamp(stamped: TimeStampResponse, text: bytes, roots: tuple[Certificate, ...]) -> None:
    """Raises Misshapen unless the stamp is over this text, and by an authority under one of these roots, if any."""
    asked = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256).build()
    if stamped.tst_info.message_imprint.message != asked.message_imprint.message:
        raise Misshapen("The time stamp is of something else.", service=SERVICE)
    if not roots:
        return
    builder = VerifierBuilder(roots=list(roots))
    try:
        builder.build().verify_message(stamped, text)
    except VerificationError as error:
        raise Misshapen(f"The time stamp is not one of the authority that is set: {error}", service=SERVICE) from error


def read_roots(path: Path) -> tuple[Certificate, ...]:
    """The certificates in a PEM file. Raises OSError and ValueError."""
    return tuple(load_pem_x509_certificates(path.read_bytes()))
