"""Checks of second factors. What is right is used up later, in the transaction of what it is shown for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from beanie import PydanticObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from auth.ceremony import Ceremonies, Purpose
from auth.relying_party import RelyingParty, claimed_by
from auth.throttle import Throttle
from auth.totp import matching_step
from documents.passkey import find_passkey, note_use
from documents.recovery_code import use_code
from documents.session import AuthMethod
from documents.totp_factor import find_confirmed, use_step
from documents.vault import Vault
from domain.errors import Invalid

log = structlog.get_logger(__name__)

Use = Callable[[AsyncClientSession], Awaitable[None]]
# Where a code stands in the input, outermost first.
Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """A second factor of this person that is right; `use` raises Invalid when it was used before."""

    user_id: PydanticObjectId
    method: AuthMethod
    use: Use


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """What the checks take. `session_id` is where a passkey was asked for; empty for who is not signed in."""

    vault: Vault
    ceremonies: Ceremonies
    relying_party: RelyingParty
    throttle: Throttle

    async def prove_totp(
        self, user_id: PydanticObjectId, code: str, at: datetime, *, address: str, place: Place
    ) -> Proof:
        """`address` is where it comes from. Raises Invalid for a wrong code, RateLimited when there were many."""
        account = f"totp {user_id}"
        await self.throttle.admit(account, address)
        factor = await find_confirmed(user_id)
        step = None if factor is None else matching_step(await self.vault.open(factor.seed), code, at)
        if step is None:
            raise _wrong(place)

        async def use(session: AsyncClientSession) -> None:
            if not await use_step(user_id, step, session):
                raise Invalid("This code was used before. Wait for the next one.", path=place)
            await self.throttle.succeeded(account, address)

        return Proof(user_id, AuthMethod.TOTP, use)

    def prove_recovery(self, user_id: PydanticObjectId, code: str, at: datetime, *, place: Place) -> Proof:
        """Whether it is right shows when it is used: nobody guesses one, so there is nothing to count."""

        async def use(session: AsyncClientSession) -> None:
            if not await use_code(user_id, code, at, session):
                raise _wrong(place)

        return Proof(user_id, AuthMethod.RECOVERY_CODE, use)

    async def prove_passkey(self, ticket: str, answer: str, session_id: str, at: datetime) -> Proof:
        """The person is whoever holds the passkey. Raises Invalid for anything that is not right about it."""
        challenge = await self.ceremonies.end(ticket, Purpose.SHOW, session_id)
        credential_id, person = claimed_by(answer)
        passkey = await find_passkey(credential_id)
        if passkey is None or passkey.id is None or str(passkey.user_id) != person:
            raise Invalid("This passkey is not known here.")
        id, user_id = passkey.id, passkey.user_id
        shown = self.relying_party.shown(answer, challenge, passkey)

        async def use(session: AsyncClientSession) -> None:
            if not await note_use(id, shown.new_sign_count, at, session):
                log.warning("passkey.count_went_back", passkey=str(id), user=str(user_id))
                raise Invalid(
                    "This passkey was not accepted: there seems to be a copy of it. Remove it and register another."
                )

        return Proof(user_id, AuthMethod.PASSKEY, use)


def _wrong(place: Place) -> Invalid:
    return Invalid("The code is wrong.", path=place)
