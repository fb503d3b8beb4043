"""Dangerous things ask for a sign-in of a moment ago, with a second factor where the person has one."""

from datetime import datetime, timedelta

from auth.viewer import Viewer
from domain.errors import StepUpRequired

FRESH_FOR = timedelta(minutes=10)


def require_fresh(viewer: Viewer, now: datetime) -> None:
    """Raises StepUpRequired when the person must show again who they are, Forbidden for a machine."""
    authentication = viewer.signed_in
    shown_at = authentication.factor_at
    if viewer.user.factors and (shown_at is None or now - shown_at >= FRESH_FOR):
        raise StepUpRequired("This needs your second factor: use reauthenticate with it, then try again.")
    if now - authentication.at >= FRESH_FOR:
        minutes = FRESH_FOR // timedelta(minutes=1)
        raise StepUpRequired(
            f"This needs a sign-in younger than {minutes} minutes: use reauthenticate, then try again."
        )
