"""Our side of passkeys: what browsers are asked for, and whether what they answer is true.

Source: Web Authentication Level 3. The user is always verified by the authenticator, so that a passkey is two factors.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

import structlog
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from auth.ceremony import VALID_FOR
from documents.passkey import Passkey
from documents.user import User
from domain.errors import Invalid

log = structlog.get_logger(__name__)

NAME = "CloudWatcher"
# What the library raises for answers of the wrong shape, besides its own: from CBOR, from curves, from dictionaries.
MALFORMED = (WebAuthnException, ValueError, KeyError, TypeError, IndexError, AttributeError)
_MILLISECONDS = int(VALID_FOR.total_seconds() * 1000)


class RelyingParty:
    """`public_url` is where browsers reach this installation: passkeys are bound to its host.

    Of the other origins those count that are on that host or below it; browsers let no others use its passkeys.
    """

    def __init__(self, public_url: str, other_origins: Collection[str] = ()) -> None:
        self.id = urlsplit(public_url).hostname or ""
        self._origins = [_origin(url) for url in (public_url, *other_origins) if self._covers(url)]

    def registration_options(self, user: User, existing: Collection[Passkey], challenge: bytes) -> str:
        """JSON for `PublicKeyCredential.parseCreationOptionsFromJSON`."""
        return options_to_json(
            generate_registration_options(
                rp_id=self.id,
                rp_name=NAME,
                user_id=str(user.id).encode(),
                user_name=user.email,
                user_display_name=user.name,
                challenge=challenge,
                timeout=_MILLISECONDS,
                authenticator_selection=AuthenticatorSelectionCriteria(
                    # Kept by the authenticator, so that one signs in without saying first who one is.
                    resident_key=ResidentKeyRequirement.REQUIRED,
                    user_verification=UserVerificationRequirement.REQUIRED,
                ),
                exclude_credentials=[PublicKeyCredentialDescriptor(id=one.key_id) for one in existing],
            )
        )

    def registered(self, answer: str, challenge: bytes) -> VerifiedRegistration:
        """What the authenticator made. `answer` is the JSON of the credential. Raises Invalid for anything untrue."""
        try:
            return verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=self._origins,
                require_user_verification=True,
            )
        except MALFORMED as error:
            raise _refused(error) from error

    def request_options(self, challenge: bytes) -> str:
        """JSON for `PublicKeyCredential.parseRequestOptionsFromJSON`; the browser offers what it has."""
        return options_to_json(
            generate_authentication_options(
                rp_id=self.id,
                challenge=challenge,
                timeout=_MILLISECONDS,
                user_verification=UserVerificationRequirement.REQUIRED,
            )
        )

    def shown(self, answer: str, challenge: bytes, passkey: Passkey) -> VerifiedAuthentication:
        """That the passkey's holder is there and was verified. Raises Invalid for anything untrue.

        The count is not compared here: `documents.passkey.note_use` does, in the update that stores it.
        """
        try:
            return verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=self._origins,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except MALFORMED as error:
            raise _refused(error) from error

    def _covers(self, url: str) -> bool:
        host = urlsplit(url).hostname or ""
        return host == self.id or host.endswith(f".{self.id}")


def claimed_by(answer: str) -> tuple[bytes, str]:
    """(credential, person) an answer says it is of; nothing is verified. Raises Invalid when it cannot be read."""
    try:
        credential = parse_authentication_credential_json(answer)
        return credential.raw_id, (credential.response.user_handle or b"").decode()
    except MALFORMED as error:
        raise _refused(error) from error


def is_synced(made: VerifiedRegistration) -> bool:
    """Whether copies of the key may be on several devices of its owner."""
    return made.credential_device_type is CredentialDeviceType.MULTI_DEVICE


def _origin(url: str) -> str:
    """As browsers write it, without a path."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _refused(error: Exception) -> Invalid:
    log.info("passkey.refused", error=type(error).__name__, why=str(error)[:200])
    return Invalid("This passkey was not accepted. Start again.")
