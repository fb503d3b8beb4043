"""People with second factors, and the codes their apps show."""

import secrets
from datetime import timedelta

import pyotp

import documents
from documents.base import utc_now
from tests.factories.graph import Graph
from tests.fakes.authenticator import Authenticator

START_TOTP = """
mutation { startTotpEnrolment {
  __typename
  ... on StartTotpEnrolmentSuccess { enrolment { secret uri expiresAt } }
  ... on UserError { message code }
} }
"""
CONFIRM_TOTP = """
mutation($input: ConfirmTotpEnrolmentInput!) { confirmTotpEnrolment(input: $input) {
  __typename
  ... on ConfirmTotpEnrolmentSuccess { recoveryCodes }
  ... on UserError { message code path }
} }
"""
START_REGISTRATION = """
mutation { startPasskeyRegistration {
  __typename
  ... on StartPasskeyRegistrationSuccess { ceremony { ceremony options expiresAt } }
  ... on UserError { message code }
} }
"""
FINISH_REGISTRATION = """
mutation($input: FinishPasskeyRegistrationInput!) { finishPasskeyRegistration(input: $input) {
  __typename
  ... on FinishPasskeyRegistrationSuccess { registered { passkey { id name isSynced usedAt } recoveryCodes } }
  ... on UserError { message code path }
} }
"""


def code(secret: str, *, steps: int = 0) -> str:
    """What an app shows now, or so many steps from now."""
    return pyotp.TOTP(secret).at(utc_now() + steps * timedelta(seconds=30))


async def make_passkey(user: documents.User) -> documents.Passkey:
    """A passkey of this person, whose device nobody has."""
    passkey = documents.Passkey(
        user_id=user.id,
        key_id=secrets.token_bytes(32),
        public_key=b"",
        sign_count=0,
        name="secret-device",
        is_synced=False,
    )
    await passkey.insert()
    return passkey


async def enrol_totp(graph: Graph, token: str) -> tuple[str, list[str]]:
    """(secret, recovery codes) of an authenticator app that was set up with the code of the step before."""
    started = await graph.ask(START_TOTP, token)
    secret = started["startTotpEnrolment"]["enrolment"]["secret"]
    confirmed = await graph.ask(CONFIRM_TOTP, token, input={"code": code(secret, steps=-1)})
    return secret, confirmed["confirmTotpEnrolment"]["recoveryCodes"]


async def enrol_passkey(graph: Graph, token: str, authenticator: Authenticator) -> dict[str, object]:
    """What the graph says of a passkey that was registered."""
    started = (await graph.ask(START_REGISTRATION, token))["startPasskeyRegistration"]["ceremony"]
    answer = {"ceremony": started["ceremony"], "credential": authenticator.make(started["options"]), "name": "Phone"}
    finished: dict[str, object] = (await graph.ask(FINISH_REGISTRATION, token, input=answer))[
        "finishPasskeyRegistration"
    ]
    return finished
