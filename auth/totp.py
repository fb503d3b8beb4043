"""Codes of authenticator apps: six digits that change every thirty seconds (RFC 6238)."""

from datetime import datetime

import pyotp
from pyotp.exceptions import OTPVerificationError

ISSUER = "CloudWatcher"
# Clocks of phones are off by a little, and people take a moment to type (RFC 6238, 5.2).
WINDOW_STEPS = 1


def new_seed() -> str:
    """160 random bits in base32."""
    return pyotp.random_base32()


def otpauth_uri(seed: str, account: str) -> str:
    """What authenticator apps read out of a QR code. `account` tells entries of one installation apart."""
    return pyotp.TOTP(seed).provisioning_uri(name=account, issuer_name=ISSUER)


def matching_step(seed: str, code: str, at: datetime) -> int | None:
    """The time step that the code belongs to; None unless it is that of `at`, or one next to it."""
    plain = "".join(code.split())
    try:
        return pyotp.TOTP(seed).verify_and_get_timecode(plain, for_time=at, valid_window=WINDOW_STEPS)
    except OTPVerificationError:
        return None
