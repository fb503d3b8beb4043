"""What people change about themselves."""

import strawberry
from pydantic import BaseModel, Field, SecretStr

from schema.errors import payload
from schema.organization import IDEMPOTENCY_KEY, User
from schema.person import EMAIL, SENT_TO, mailed_token


@strawberry.pydantic.input(description="What to change about yourself; what is left out stays.")
class UpdateProfileInput(BaseModel):
    name: str | None = Field(default=None, min_length=1, max_length=100, description="What people call you.")


@strawberry.pydantic.input(description="A new address to sign in with.")
class RequestEmailChangeInput(BaseModel):
    email: str = Field(pattern=EMAIL, max_length=254, description="The new address.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="Proof that the new address is one's own.")
class ConfirmEmailChangeInput(BaseModel):
    token: SecretStr = mailed_token()


@strawberry.pydantic.input(description="Proof that the old address is one's own.")
class UndoEmailChangeInput(BaseModel):
    token: SecretStr = mailed_token()


UpdateProfilePayload = payload("UpdateProfile", "user", User, "You, as changed.")
RequestEmailChangePayload = payload("RequestEmailChange", "sent_to", str, SENT_TO)
ConfirmEmailChangePayload = payload("ConfirmEmailChange", "email", str, "The address to sign in with now.")
UndoEmailChangePayload = payload("UndoEmailChange", "email", str, "The address to sign in with now.")
