"""The external id by which a customer's AWS role knows that CloudWatcher comes for this organization."""

import hashlib
import hmac
from collections.abc import Sequence

LENGTH = 32


class ExternalIds:
    """One for each organization and key, chosen by CloudWatcher and never by the caller: whoever could choose another
    organization's would read its accounts (the confused deputy). `keys` are the newest first.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    def of(self, org_id: str) -> tuple[str, ...]:
        """The organization's: first the one to set up with, then those of keys in use before."""
        return tuple(f"cw-{hmac.digest(key, org_id.encode(), hashlib.sha256).hex()[:LENGTH]}" for key in self._keys)
