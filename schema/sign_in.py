"""Signing in with more than a password, and showing again who one is."""

import strawberry
from pydantic import BaseModel, Field, SecretStr

from auth.password import MAX_LENGTH
from schema.errors import payload
from schema.factor import PasskeyAnswerInput, PasskeyCeremony, SecondFactorInput, ShownFactor
from schema.session import DELIVERY, DeviceSession, Session, TokenDelivery


@strawberry.pydantic.input(description="The second factor of a sign-in.")
class CompleteSignInInput(BaseModel):
    challenge: SecretStr = Field(min_length=1, max_length=100, description="That of `SecondFactorRequired`.")
    proof: SecondFactorInput = Field(description="The second factor.")
    delivery: TokenDelivery = DELIVERY


@strawberry.pydantic.input(description="A passkey to sign in with.")
class SignInWithPasskeyInput(PasskeyAnswerInput):
    delivery: TokenDelivery = DELIVERY


@strawberry.pydantic.input(description="Show again who you are, by exactly one of these.", one_of=True)
class ReauthenticateInput(ShownFactor):
    password: SecretStr | None = Field(
        min_length=1, max_length=MAX_LENGTH, description="Your password. It does not stand for a second factor."
    )


CompleteSignInPayload = payload("CompleteSignIn", "session", Session, "The new session.")
StartPasskeySignInPayload = payload("StartPasskeySignIn", "ceremony", PasskeyCeremony, "What to ask the authenticator.")
SignInWithPasskeyPayload = payload("SignInWithPasskey", "session", Session, "The new session.")
ReauthenticatePayload = payload("Reauthenticate", "session", DeviceSession, "The session, now fresh.")
