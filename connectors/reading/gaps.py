"""What could not be read, collected: the same trouble with many things is one gap that counts them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.reading.listing import Operation
from domain.errors import (
    CredentialsRejected,
    CutShort,
    Misshapen,
    PermissionMissing,
    PlanMissing,
    ProviderError,
    Throttled,
    Unavailable,
)
from domain.facts.inventory import GapCause, ServiceGap
from domain.facts.resource import ResourceKind

NOT_HERE = "The same credentials work elsewhere: the region may not be enabled, or they have just ended."
CAUSES: tuple[tuple[type[ProviderError], GapCause], ...] = (
    (PermissionMissing, GapCause.PERMISSION),
    (PlanMissing, GapCause.PLAN),
    (Throttled, GapCause.THROTTLED),
    (CutShort, GapCause.CUT_SHORT),
    (Unavailable, GapCause.UNAVAILABLE),
    (Misshapen, GapCause.MISSHAPEN),
)


@dataclass(slots=True)
class _Counted:
    cause: GapCause
    missing: str | None
    times: int = 0
    kinds: set[ResourceKind] = field(default_factory=set)


class Gaps:
    """The gaps of one part, or of all."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str | None, str], _Counted] = {}

    def add(
        self, error: ProviderError, operation: Operation, region: str | None, unlisted: Sequence[ResourceKind] = ()
    ) -> None:
        """Note that this call failed, and that resources of the `unlisted` kinds may therefore be missing."""
        # The account was entered with these credentials, so the usual advice to mend them would mislead.
        advice = NOT_HERE if isinstance(error, CredentialsRejected) else error.advice
        key = (operation.service, operation.name, region, f"{error.message} {advice}".strip())
        counted = self._found.setdefault(key, _Counted(cause_of(error), _missing(error, operation)))
        counted.times += 1
        counted.kinds |= set(unlisted)

    def listed(self) -> tuple[ServiceGap, ...]:
        """One gap for each trouble, in a fixed order."""
        return tuple(
            ServiceGap(
                service=service,
                region=region,
                reason=sentence if counted.times == 1 else f"{sentence} ({counted.times} times)",
                unlisted=tuple(sorted(counted.kinds)),
                operation=operation,
                cause=counted.cause,
                missing=counted.missing,
            )
            for (service, operation, region, sentence), counted in sorted(
                self._found.items(), key=lambda entry: str(entry[0])
            )
        )


def cause_of(error: ProviderError) -> GapCause:
    return next((cause for kind, cause in CAUSES if isinstance(error, kind)), GapCause.FAILED)


def _missing(error: ProviderError, operation: Operation) -> str | None:
    if isinstance(error, PermissionMissing):
        return error.permission or ", ".join(operation.permissions)
    return error.plan if isinstance(error, PlanMissing) else None
