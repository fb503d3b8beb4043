"""Dates inside the stand-in account: moto stamps everything with the present, and an account has a past.

Works only in the process whose moto holds the account. Times are aware UTC; moto keeps them without their zone.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from moto.cloudtrail.models import cloudtrail_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.iam.models import AccessKeyLastUsed, iam_backends
from moto.macie2.models import macie2_backends
from moto.moto_api._internal import mock_random
from moto.s3.models import s3_backends
from moto.ssoadmin.models import ssoadmin_backends

ACCOUNT_ID = DEFAULT_ACCOUNT_ID
PARTITION = "aws"


def fix_ids(seed: int) -> None:
    """From here on moto draws the same ids for the same calls."""
    mock_random.seed(seed)


def begin(seed: int, regions: Iterable[str], created_at: datetime) -> None:
    """What moto gives every account, with this date, and without the snapshots behind Amazon's own images, which no
    account has. From here on ids are fixed.
    """
    # All are there before the first id is drawn: in a process that has them already none would draw for being made.
    made: list[Any] = [iam_backends[ACCOUNT_ID][PARTITION]]
    made += [of[ACCOUNT_ID][region] for of in (ec2_backends, macie2_backends, ssoadmin_backends) for region in regions]
    fix_ids(seed)
    for backend in made:
        backend.reset()
    for region in regions:
        ec2_backends[ACCOUNT_ID][region].snapshots.clear()
        for center in ssoadmin_backends[ACCOUNT_ID][region].instances:
            center.created_date = created_at.timestamp()
        session = macie2_backends[ACCOUNT_ID][region].macie_session or {}
        session.update(createdAt=_naive(created_at), updatedAt=_naive(created_at))


def date_instance(region: str, instance_id: str, created_at: datetime, stopped_at: datetime | None = None) -> None:
    """Dates an instance and its network cards; `stopped_at` is written the way AWS writes it."""
    instance = ec2_backends[ACCOUNT_ID][region].get_instance(instance_id)
    instance.launch_time = _naive(created_at)
    for card in instance.nics.values():
        card.attach_time = _naive(created_at)
    for device in instance.block_device_mapping.values():
        device.attach_time = _naive(created_at)
    if stopped_at is not None:
        instance._reason = f"User initiated ({stopped_at:%Y-%m-%d %H:%M:%S} GMT)"


def date_volume(region: str, volume_id: str, created_at: datetime) -> None:
    volume = ec2_backends[ACCOUNT_ID][region].get_volume(volume_id)
    volume.create_time = _naive(created_at)
    if volume.attachment is not None:
        volume.attachment.attach_time = _naive(created_at)


def date_bucket(name: str, created_at: datetime) -> None:
    s3_backends[ACCOUNT_ID][PARTITION].get_bucket(name).creation_date = created_at.astimezone(UTC)


def date_user(name: str, created_at: datetime) -> None:
    """Dates a user, and with it its password, and its MFA devices."""
    user = iam_backends[ACCOUNT_ID][PARTITION].get_user(name)
    user.create_date = _naive(created_at)
    for device in user.mfa_devices.values():
        device.enable_date = _naive(created_at)


def date_key(user_name: str, key_id: str, created_at: datetime, last_used_at: datetime | None) -> None:
    """`last_used_at` None: never used."""
    for key in iam_backends[ACCOUNT_ID][PARTITION].get_user(user_name).access_keys:
        if key.access_key_id == key_id:
            key.create_date = _naive(created_at)
            if last_used_at is not None:
                key.last_used = AccessKeyLastUsed(_naive(last_used_at), "s3", "us-east-1")


def date_trail(region: str, name: str, started_at: datetime, stopped_at: datetime | None) -> None:
    status = cloudtrail_backends[ACCOUNT_ID][region].get_trail(name).status
    status.started = _naive(started_at)
    status.stopped = _naive(stopped_at) if stopped_at else None


def date_policy(name: str, created_at: datetime) -> None:
    policy = iam_backends[ACCOUNT_ID][PARTITION].get_policy(f"arn:aws:iam::{ACCOUNT_ID}:policy/{name}")
    policy.create_date = policy.update_date = _naive(created_at)
    for version in policy.versions:
        version.create_date = _naive(created_at)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
