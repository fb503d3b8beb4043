"""How one becomes a user, and comes in."""

import strawberry
from pydantic import BaseModel, Field, SecretStr

from auth.password import MAX_LENGTH, MIN_LENGTH
from documents import OrganizationKind
from schema.errors import payload
from schema.session import DELIVERY, Session, TokenDelivery

EMAIL = r"^[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s]{1,63}$"


@strawberry.pydantic.input(description="Who registers, and the organization they open.")
class RegisterInput(BaseModel):
    email: str = Field(pattern=EMAIL, max_length=254, description="Sign-in address.")
    password: SecretStr = Field(
        min_length=MIN_LENGTH, max_length=MAX_LENGTH, description=f"At least {MIN_LENGTH} characters."
    )
    name: str = Field(min_length=1, max_length=100, description="What people call you.")
    organization_name: str = Field(min_length=1, max_length=100, description="Name of the organization to open.")
    organization_kind: OrganizationKind = Field(
        default=OrganizationKind.COMPANY, description="A company, or a managed service provider with clients."
    )


@strawberry.pydantic.input(description="Who signs in.")
class SignInInput(BaseModel):
    email: str = Field(min_length=3, max_length=254, description="Sign-in address.")
    password: SecretStr = Field(min_length=1, max_length=MAX_LENGTH, description="The password.")
    delivery: TokenDelivery = DELIVERY


RegisterPayload = payload("Register", "session", Session, "The first session of the new user.")
SignInPayload = payload("SignIn", "session", Session, "The new session.")
