"""What a browser may ask of a sign-in, and what it brings back from the provider."""

from collections.abc import Mapping
from datetime import datetime

from app.settings import Settings
from auth.sign_in_code import is_challenge
from auth.sign_in_flow import Flow, Intent
from domain.errors import Invalid
from domain.identity.next_page import checked_page, checked_program
from domain.identity.refusal import SignInProblem, SignInRefused, bad_answer

LONGEST_STATE = 500
LONGEST_CODE = 4096


def flow_of(query: Mapping[str, str], key: str, settings: Settings, now: datetime) -> Flow:
    """The flow that a start asks for: next, intent, code_challenge, state. Raises Invalid for what it may not."""
    challenge, wanted = query.get("code_challenge"), query.get("intent", Intent.SIGN_IN.value)
    if wanted not in list(Intent):
        raise Invalid("intent must be sign_in, link or reauthenticate.", path=("intent",))
    _check_challenge(challenge, query.get("code_challenge_method", "S256"), Intent(wanted))
    client_state = query.get("state")
    if client_state is not None and len(client_state) > LONGEST_STATE:
        raise Invalid(f"state must have at most {LONGEST_STATE} characters.", path=("state",))
    return Flow(
        provider=key,
        intent=Intent(wanted),
        next=_next(query.get("next", "/"), settings, is_program=challenge is not None),
        started_at=int(now.timestamp()),
        challenge=challenge,
        client_state=client_state,
    )


def _check_challenge(challenge: str | None, method: str, intent: Intent) -> None:
    if challenge is None and intent is not Intent.SIGN_IN:
        raise Invalid("This takes a code_challenge: it ends in a code for a mutation.", path=("code_challenge",))
    if challenge is not None and (method != "S256" or not is_challenge(challenge)):
        raise Invalid("code_challenge must be that of the method S256 (RFC 7636).", path=("code_challenge",))


def _next(text: str, settings: Settings, *, is_program: bool) -> str:
    if is_program:
        return checked_program(text, settings.public_url, settings.allowed_origins, settings.program_redirects)
    return checked_page(text, settings.public_url, settings.allowed_origins)


def answer_of(query: Mapping[str, str]) -> Mapping[str, str]:
    """The parameters that a provider sent the browser back with, a code among them.

    Raises SignInRefused when it sent an error, or nothing.
    """
    if "error" in query:
        is_cancelled = query["error"] == "access_denied"
        raise SignInRefused(
            SignInProblem.CANCELLED if is_cancelled else SignInProblem.BAD_ANSWER,
            "The sign-in was cancelled at the identity provider."
            if is_cancelled
            else f"The identity provider refuses ({query['error'][:100]}).",
        )
    if not 0 < len(query.get("code", "")) <= LONGEST_CODE:
        raise bad_answer("it sends no code.")
    return query
