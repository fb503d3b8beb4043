"""How people leave, and come back."""

import strawberry
from pydantic import BaseModel, SecretStr

from schema.errors import payload
from schema.person import mailed_token


@strawberry.pydantic.input(description="Proof that a deactivated account is one's own.")
class ReactivateMyAccountInput(BaseModel):
    token: SecretStr = mailed_token()


DeactivateMyAccountPayload = payload(
    "DeactivateMyAccount", "sent_to", str, "The address that gets a mail with the way back."
)
ReactivateMyAccountPayload = payload("ReactivateMyAccount", "email", str, "The address to sign in with.")
DeleteMyAccountPayload = payload(
    "DeleteMyAccount", "remains", str, "What stands in your place in the audit logs, for example user:6b0…"
)
