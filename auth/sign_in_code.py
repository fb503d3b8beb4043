"""The one-time code that a sign-in through a provider hands to a program or page, bound to it by PKCE (RFC 7636)."""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

from auth.sign_in_flow import Flow, Intent
from documents.sign_in import SignInCode, take_code
from domain.errors import Invalid
from domain.identity.identity import Identity

LIFETIME = timedelta(seconds=60)
PREFIX = "cws_"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def is_challenge(text: str) -> bool:
    """Whether this can be the S256 challenge of a verifier."""
    return _CHALLENGE.fullmatch(text) is not None


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


async def issue_code(flow: Flow, identity: Identity, user_id: object, now: datetime) -> str:
    """A fresh code for what the provider said; only its hash is stored. `user_id` is who signs in, if that is meant."""
    code = PREFIX + secrets.token_urlsafe(32)
    stored = SignInCode(
        id=_hashed(code),
        intent=flow.intent,
        provider=flow.provider,
        issuer=identity.issuer,
        subject=identity.subject,
        email=identity.email,
        user_id=user_id,
        challenge=flow.challenge or "",
        expires_at=now + LIFETIME,
    )
    await stored.insert()
    return code


async def redeem_code(code: str, verifier: str, intent: Intent, now: datetime) -> SignInCode:
    """What the code stands for. It works once: a wrong verifier uses it up, too.

    Raises Invalid when it is unknown, used, over, meant for something else, or another's.
    """
    taken = await take_code(_hashed(code), now)
    if (
        taken is None
        or taken.intent != intent
        or not hmac.compare_digest(taken.challenge.encode(), challenge_of(verifier).encode())
    ):
        raise Invalid("This code is not valid, or is used up. Begin again at the provider.", path=("input", "code"))
    return taken


def _hashed(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
