"""Every error CloudWatcher raises on purpose. Anything else is a bug and is masked for the caller.

CloudWatcherError
├── Refused                 expected; shown to the caller with a stable code
│   ├── Unauthenticated     UNAUTHENTICATED
│   ├── Forbidden           FORBIDDEN
│   │   └── StepUpRequired  STEP_UP_REQUIRED
│   ├── NotFound            NOT_FOUND (also: it belongs to another tenant)
│   ├── Invalid             BAD_USER_INPUT
│   │   └── BadCursor
│   ├── Conflict            CONFLICT
│   ├── ApprovalRequired    FORBIDDEN
│   └── RateLimited         RATE_LIMITED
└── ProviderError           a cloud or a system answered with an error
    ├── Throttled           try again later
    ├── Unavailable         try again later
    ├── CredentialsRejected the customer must mend the credentials
    ├── PermissionMissing   the customer must grant a permission
    ├── PlanMissing         the customer's plan or settings do not offer it
    ├── CutShort            the list does not end, or ends before it is whole
    ├── Misshapen           the answer is not of the shape the provider promises
    └── Rejected            it will never take this very thing; trying again changes nothing
"""

from datetime import timedelta
from typing import ClassVar


class CloudWatcherError(Exception):
    """The root of the tree above."""


class Refused(CloudWatcherError):
    """An expected refusal. `path` names the offending input, outermost first, e.g. ("input", "amount").

    `person` is the id of whom it is about where nobody is signed in; for the audit log, never shown.
    """

    code: ClassVar[str] = "BAD_USER_INPUT"

    def __init__(self, message: str, *, path: tuple[str, ...] = (), person: object = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.person = person


class Unauthenticated(Refused):
    code = "UNAUTHENTICATED"


class Forbidden(Refused):
    code = "FORBIDDEN"


class StepUpRequired(Forbidden):
    """The sign-in is too long ago, or lacks the second factor, for what is asked."""

    code = "STEP_UP_REQUIRED"


class NotFound(Refused):
    code = "NOT_FOUND"

    @classmethod
    def of(cls, noun: str) -> "NotFound":
        """The one sentence for a missing thing, the same for absent and for another tenant's."""
        return cls(f"There is no such {noun}, or it is not yours to see.")


class Invalid(Refused):
    code = "BAD_USER_INPUT"


class BadCursor(Invalid):
    pass


class Conflict(Refused):
    """`current` is the thing as it stands now, when the caller worked from an older state of it."""

    code = "CONFLICT"

    def __init__(self, message: str, *, path: tuple[str, ...] = (), current: object = None) -> None:
        super().__init__(message, path=path)
        self.current = current


class ApprovalRequired(Refused):
    code = "FORBIDDEN"


class RateLimited(Refused):
    """`retry_after` is how long to wait at least, where that is known."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, *, path: tuple[str, ...] = (), retry_after: timedelta | None = None) -> None:
        super().__init__(message, path=path)
        self.retry_after = retry_after


class ProviderError(CloudWatcherError):
    """An outside system refused or failed. `service` is its name as its vendor prints it, e.g. "s3"."""

    is_retryable: ClassVar[bool] = False
    advice: ClassVar[str] = ""

    def __init__(self, message: str, *, service: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.service = service
        self.retry_after = retry_after


class Throttled(ProviderError):
    is_retryable = True
    advice = "The provider asks for fewer calls. The sync goes on by itself later."


class Unavailable(ProviderError):
    is_retryable = True
    advice = "The provider did not answer. Check the endpoint; the sync tries again by itself."


class CredentialsRejected(ProviderError):
    advice = "Check the key or role and the external id, then connect the account again."


class PermissionMissing(ProviderError):
    """`permission` is what to grant, as its provider names it; empty when the provider does not say."""

    advice = "Grant it to what CloudWatcher signs in as, then sync again."

    def __init__(self, message: str, *, service: str, permission: str = "") -> None:
        super().__init__(message, service=service)
        self.permission = permission


class PlanMissing(ProviderError):
    """`plan` is the plan, licence or setting that would offer it."""

    advice = "It can be read once the named plan or setting is there."

    def __init__(self, message: str, *, service: str, plan: str) -> None:
        super().__init__(message, service=service)
        self.plan = plan


class CutShort(ProviderError):
    advice = "What was read is kept, and nothing is concluded about the rest. The next sync tries again."


class Misshapen(ProviderError):
    advice = "Check that the endpoint is the provider's own."


class Rejected(ProviderError):
    advice = "It was given up. Check the address it was for."
