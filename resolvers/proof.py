"""What is asked before somebody is believed or a mail is sent: not too often, and the right password."""

from pydantic import SecretStr

from domain.errors import Invalid
from resolvers.context import Context


async def admit_mail(context: Context, email: str) -> None:
    """Count a mail to this address (in lower case) that was asked for. Raises RateLimited when there were many."""
    await context.ports.throttle.admit(f"mail {email}", context.caller.address)


async def prove_password(context: Context, password: SecretStr, *, path: tuple[str, ...]) -> None:
    """Raises Invalid, with `path`, unless it is the viewer's own password; RateLimited after many wrong ones."""
    user, address = context.signed_in.user, context.caller.address
    account = f"password {user.id}"
    async with context.ports.throttle.attempt(account, address):
        if not await context.ports.passwords.matches(password.get_secret_value(), user.password_hash):
            raise Invalid("The password is wrong.", path=path)


async def admit_invitation(context: Context, email: str) -> None:
    """Count an invitation to this address, whoever sends it; how many people somebody invites does not count. Raises
    RateLimited when the address got many.
    """
    await context.ports.throttle.admit(f"mail {email}", f"invitations to {email}")
