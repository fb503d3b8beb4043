"""Which passwords are refused: short ones, those built from lists of common passwords, and those that name their owner.

No rules about digits or capitals: they make passwords harder to remember and no harder to guess
(NIST SP 800-63B-4, 3.1.1.2).
"""

import asyncio
import unicodedata

from zxcvbn import zxcvbn

from auth.password import MAX_LENGTH, MIN_LENGTH
from domain.errors import Invalid

PRODUCT = "cloudwatcher"
# A shorter part of an address is found in passwords by chance.
TELLING_PART = 4
# zxcvbn's own bound between "somewhat guessable" and "safely unguessable": a day at a thousand guesses a second.
FEWEST_GUESSES = 10**8
# It takes time with the square of the length, and what begins with so much that is hard to guess is hard to guess.
JUDGED_LENGTH = 64


async def check_password(password: str, *, email: str, path: tuple[str, ...]) -> None:
    """Raises Invalid, with `path`, when people with this address should not have this password."""
    normal = unicodedata.normalize("NFKC", password)
    if not MIN_LENGTH <= len(normal) <= MAX_LENGTH:
        raise Invalid(f"The password must have {MIN_LENGTH} to {MAX_LENGTH} characters.", path=path)
    own = [PRODUCT, *(part for part in [email.partition("@")[0].strip().lower()] if len(part) >= TELLING_PART)]
    if any(word in normal.lower() for word in own):
        raise Invalid("The password must not contain your address or the name of this product.", path=path)
    if await asyncio.to_thread(_guesses, normal) < FEWEST_GUESSES:
        raise Invalid(
            "This password is easy to guess: it is made of common passwords, words or patterns. "
            "Several words that have nothing to do with each other are better.",
            path=path,
        )


def _guesses(password: str) -> int:
    """How many guesses somebody needs who knows the lists of common passwords, names, words and keyboard patterns."""
    return int(zxcvbn(password[:JUDGED_LENGTH])["guesses"])
