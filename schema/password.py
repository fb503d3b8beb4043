"""Passwords that are forgotten or changed."""

import strawberry
from pydantic import BaseModel, Field, SecretStr

from auth.password import MAX_LENGTH
from schema.errors import payload
from schema.organization import IDEMPOTENCY_KEY
from schema.person import EMAIL, SENT_TO, mailed_token, new_password


@strawberry.pydantic.input(description="Who has forgotten a password.")
class RequestPasswordResetInput(BaseModel):
    email: str = Field(pattern=EMAIL, max_length=254, description="Sign-in address.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="A new password for the one who got the mail.")
class ResetPasswordInput(BaseModel):
    token: SecretStr = mailed_token()
    password: SecretStr = new_password()


@strawberry.pydantic.input(description="A new password in the place of the present one.")
class ChangePasswordInput(BaseModel):
    current_password: SecretStr = Field(min_length=1, max_length=MAX_LENGTH, description="The present password.")
    new_password: SecretStr = new_password()


RequestPasswordResetPayload = payload("RequestPasswordReset", "sent_to", str, SENT_TO)
ResetPasswordPayload = payload("ResetPassword", "email", str, "The address to sign in with now.")
ChangePasswordPayload = payload("ChangePassword", "ended", int, "How many other sessions were ended.")
