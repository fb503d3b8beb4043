"""Opens what is stored encrypted for a call outside, so that those who call know whether to try again."""

from documents.vault import SecretLost, Vault, VaultUnavailable
from domain.errors import CredentialsRejected, Unavailable

SERVICE = "vault"
ACCOUNT_LOST = "The stored credentials of the account are lost: connect the account again."


async def opened_secret(vault: Vault, sealed: bytes, *, lost: str = ACCOUNT_LOST) -> str:
    """The secret. Raises CredentialsRejected, with `lost` as its words, when it is gone for good; Unavailable when the
    vault cannot be asked just now.
    """
    try:
        return await vault.open(sealed)
    except SecretLost as error:
        raise CredentialsRejected(lost, service=SERVICE) from error
    except VaultUnavailable as error:
        raise Unavailable("What is stored encrypted cannot be opened just now.", service=SERVICE) from error
