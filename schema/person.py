"""How one becomes a user, and comes in."""

import strawberry
from pydantic import BaseModel, Field, SecretStr

from auth.password import MAX_LENGTH, MIN_LENGTH
from documents import OrganizationKind
from schema.errors import payload
from schema.factor import SecondFactorRequired
from schema.organization import IDEMPOTENCY_KEY
from schema.session import DELIVERY, ProviderSignInRequired, Session, TokenDelivery

EMAIL = r"^[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s]{1,63}$"
SENT_TO = "The address a mail is on its way to. Which mail, or whether there is none, only its owner learns."


def new_password() -> SecretStr:
    """A password to be set; `auth/password_rules.py` has more to say about it."""
    told = f"At least {MIN_LENGTH} characters; none that is easy to guess."
    made: SecretStr = Field(min_length=MIN_LENGTH, max_length=MAX_LENGTH, description=told)
    return made


def mailed_token() -> SecretStr:
    """The code of a mail."""
    made: SecretStr = Field(min_length=1, max_length=200, description="The code of the mail; the link carries it too.")
    return made


@strawberry.pydantic.input(description="Who registers, and the organization they open.")
class RegisterInput(BaseModel):
    email: str = Field(pattern=EMAIL, max_length=254, description="Sign-in address.")
    password: SecretStr = new_password()
    name: str = Field(min_length=1, max_length=100, description="What people call you.")
    organization_name: str = Field(min_length=1, max_length=100, description="Name of the organization to open.")
    organization_kind: OrganizationKind = Field(
        default=OrganizationKind.COMPANY, description="A company, or a managed service provider with clients."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="Proof that the address is one's own, and who registered with it.")
class VerifyEmailInput(BaseModel):
    token: SecretStr = mailed_token()
    password: SecretStr = Field(min_length=1, max_length=MAX_LENGTH, description="The password you registered with.")
    delivery: TokenDelivery = DELIVERY


@strawberry.pydantic.input(description="Who waits for a mail.")
class ResendVerificationInput(BaseModel):
    email: str = Field(pattern=EMAIL, max_length=254, description="The address you registered with.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="Who signs in.")
class SignInInput(BaseModel):
    email: str = Field(min_length=3, max_length=254, description="Sign-in address.")
    password: SecretStr = Field(min_length=1, max_length=MAX_LENGTH, description="The password.")
    delivery: TokenDelivery = DELIVERY


RegisterPayload = payload("Register", "sent_to", str, SENT_TO)
VerifyEmailPayload = payload(
    "VerifyEmail", "session", Session, "The first session of the new user.", also=(ProviderSignInRequired,)
)
ResendVerificationPayload = payload("ResendVerification", "sent_to", str, SENT_TO)
SignInPayload = payload("SignIn", "session", Session, "The new session.", also=(SecondFactorRequired,))
