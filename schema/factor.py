"""Second factors: those of the viewer, how they are set up and removed, and how they are shown."""

from datetime import datetime

import strawberry
from pydantic import BaseModel, Field, SecretStr

import documents
from documents import AuthMethod
from schema.errors import payload
from schema.node import Node, said, view
from schema.organization import Organization

# Longest answer of an authenticator that is taken: certificates of some are several kilobytes.
LONGEST_ANSWER = 16_000


@strawberry.type(description="The sign-in goes on with a second factor: send it with `completeSignIn`.")
class SecondFactorRequired:
    challenge: str = said("Send it back with the second factor. Good for one sign-in and five tries.")
    methods: list[AuthMethod] = said("What may be shown.")
    expires_at: datetime = said("When it is over.")


@view(documents.Passkey, description="A passkey of the viewer.")
class Passkey(Node):
    name: str = said("What its owner calls it.")
    is_synced: bool = said("Whether copies of it may be on several devices of its owner.")
    created_at: datetime = said("When it was registered.")
    used_at: datetime | None = said("When it was used last.")


@strawberry.type(description="The second factors of the viewer.")
class Factors:
    totp_since: datetime | None = said("Since when there is an authenticator app; null without one.")
    passkeys: list[Passkey] = said("Passkeys, oldest first.")
    recovery_codes_left: int = said("How many recovery codes can still be used.")


@strawberry.type(description="An authenticator app to set up. It counts once `confirmTotpEnrolment` has seen a code.")
class TotpEnrolment:
    secret: str = said("The secret in base32, to be typed into an app. It is never shown again.")
    uri: str = said("The same as an otpauth URI, to be shown as a QR code.")
    expires_at: datetime = said("Confirm before.")


@strawberry.type(description="A question for `navigator.credentials`. Answer it once, before it is over.")
class PasskeyCeremony:
    ceremony: str = said("Send it back with the answer.")
    options: str = said("JSON for `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`.")
    expires_at: datetime = said("When it is over.")


@strawberry.type(description="A passkey that was registered just now.")
class RegisteredPasskey:
    passkey: Passkey = said("The passkey.")
    recovery_codes: list[str] = said("Ten recovery codes when you had none; they are never shown again.")


class ShownFactor(BaseModel):
    """The ways to show a second factor, for inputs that take one of them."""

    totp_code: SecretStr | None = Field(max_length=20, description="The code that the authenticator app shows.")
    recovery_code: SecretStr | None = Field(max_length=100, description="A recovery code. Each works once.")
    passkey: "PasskeyAnswerInput | None" = Field(description="A passkey, asked for with `startPasskeySignIn`.")


@strawberry.pydantic.input(description="What a passkey answered.")
class PasskeyAnswerInput(BaseModel):
    ceremony: str = Field(min_length=1, max_length=100, description="`ceremony` of the question.")
    credential: str = Field(
        min_length=1, max_length=LONGEST_ANSWER, description="The credential: `JSON.stringify(credential.toJSON())`."
    )


@strawberry.pydantic.input(description="A second factor: exactly one.", one_of=True)
class SecondFactorInput(ShownFactor):
    pass


@strawberry.pydantic.input(description="A first code of an authenticator app.")
class ConfirmTotpEnrolmentInput(BaseModel):
    code: SecretStr = Field(min_length=1, max_length=20, description="The code that the app shows now.")


@strawberry.pydantic.input(description="A passkey to register.")
class FinishPasskeyRegistrationInput(PasskeyAnswerInput):
    name: str = Field(min_length=1, max_length=100, description="What to call it, such as the name of the device.")


@strawberry.pydantic.input(description="A passkey to rename.")
class RenamePasskeyInput(BaseModel):
    passkey_id: strawberry.ID = Field(description="Global id of the passkey.")
    name: str = Field(min_length=1, max_length=100, description="What to call it.")


@strawberry.pydantic.input(description="A passkey to remove.")
class RemovePasskeyInput(BaseModel):
    passkey_id: strawberry.ID = Field(description="Global id of the passkey.")


@strawberry.pydantic.input(description="Whether an organization requires a second factor.")
class RequireSecondFactorInput(BaseModel):
    organization_id: strawberry.ID = Field(description="Global id of the organization.")
    required: bool = Field(description="Whether everybody needs one there.")


_CODES = "Ten recovery codes; they are never shown again."
StartTotpEnrolmentPayload = payload("StartTotpEnrolment", "enrolment", TotpEnrolment, "What to put into the app.")
ConfirmTotpEnrolmentPayload = payload(
    "ConfirmTotpEnrolment",
    "recovery_codes",
    list[str],
    "Ten recovery codes when you had none, else none; they are never shown again.",
)
RegenerateRecoveryCodesPayload = payload("RegenerateRecoveryCodes", "recovery_codes", list[str], _CODES)
RemoveTotpPayload = payload("RemoveTotp", "factors", Factors, "The factors that are left.")
StartPasskeyRegistrationPayload = payload(
    "StartPasskeyRegistration", "ceremony", PasskeyCeremony, "What to ask the authenticator."
)
FinishPasskeyRegistrationPayload = payload(
    "FinishPasskeyRegistration", "registered", RegisteredPasskey, "The new passkey."
)
RenamePasskeyPayload = payload("RenamePasskey", "passkey", Passkey, "The passkey.")
RemovePasskeyPayload = payload("RemovePasskey", "factors", Factors, "The factors that are left.")
RequireSecondFactorPayload = payload("RequireSecondFactor", "organization", Organization, "The organization.")
