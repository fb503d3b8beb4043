"""Why a sign-in through an identity provider ends without one: a code for pages, and a sentence for people."""

from enum import StrEnum

from domain.errors import Invalid


class SignInProblem(StrEnum):
    """The values follow RFC 6749, 4.1.2.1 where it has a word for it."""

    NOT_BEGUN_HERE = "not_begun_here"
    CANCELLED = "access_denied"
    UNAVAILABLE = "temporarily_unavailable"
    BAD_ANSWER = "invalid_answer"
    EMAIL_MISSING = "email_missing"
    EMAIL_NOT_PROVEN = "email_not_verified"
    WRONG_DOMAIN = "domain_not_verified"
    LINK_REQUIRED = "link_required"
    NOT_INVITED = "not_invited"
    DEACTIVATED = "deactivated"
    OTHER_PROVIDER = "other_provider_required"


class SignInRefused(Invalid):
    """The sign-in is refused for this reason. The message says what the person can do."""

    def __init__(self, problem: SignInProblem, message: str) -> None:
        super().__init__(message)
        self.problem = problem


def bad_answer(what: str) -> SignInRefused:
    """The provider's answer cannot be believed, for this reason."""
    return SignInRefused(SignInProblem.BAD_ANSWER, f"The identity provider's answer cannot be trusted: {what}")
