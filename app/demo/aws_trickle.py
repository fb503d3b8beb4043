"""Small changes that keep the stand-in account alive: faults appear and are mended a little later.

Step n is the same in every run. After a whole cycle the account is as it was built, so a restart replays few steps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.demo import aws_content as content
from app.demo import moto_clock as clock
from app.demo.aws_account import DemoAccount, permission
from app.demo.aws_content import ANYONE, ANYONE_V6, EU, US, Door

# How many faults are open at most before the first is mended.
OPEN_AT_ONCE = 3


@dataclass(frozen=True)
class Step:
    """What a change works on: the n-th round of changes, and the time of the step."""

    account: DemoAccount
    cycle: int
    at: datetime

    def choose(self, names: tuple[str, ...]) -> str:
        """Another one each round."""
        return names[self.cycle % len(names)]


@dataclass(frozen=True)
class Change:
    """A fault and its end; each says what it did, and `mend` leaves nothing behind."""

    break_it: Callable[[Step], str]
    mend: Callable[[Step], str]


class Trickle:
    def __init__(self, account: DemoAccount) -> None:
        self._account = account

    def apply(self, n: int, at: datetime) -> str:
        """Makes the n-th change (from 0) as of `at` and says what it was."""
        cycle, position = divmod(n, CYCLE)
        clock.fix_ids(self._account.seed + 1 + n)
        return ORDER[position](Step(self._account, cycle, at))


def _order(changes: tuple[Change, ...]) -> list[Callable[[Step], str]]:
    order: list[Callable[[Step], str]] = []
    for number, change in enumerate(changes):
        order.append(change.break_it)
        if number >= OPEN_AT_ONCE - 1:
            order.append(changes[number - OPEN_AT_ONCE + 1].mend)
    return order + [change.mend for change in changes[len(changes) - OPEN_AT_ONCE + 1 :]]


def _door_change(region: str, names: tuple[str, ...], door: Door, words: str) -> Change:
    def set_door(step: Step, method: str) -> str:
        name = step.choose(names)
        ec2 = step.account.client("ec2", region)
        getattr(ec2, method)(GroupId=step.account.group_id(name, region), IpPermissions=[permission(door)])
        return name

    return Change(
        lambda step: f"security group {set_door(step, 'authorize_security_group_ingress')}: {words} opened to anyone",
        lambda step: f"security group {set_door(step, 'revoke_security_group_ingress')}: {words} closed again",
    )


PRIVATE_BUCKETS = tuple(one.name for one in content.BUCKETS if one.is_blocked and one.region == US)[1:]


def _open_bucket(step: Step) -> str:
    name = step.choose(PRIVATE_BUCKETS)
    step.account.client("s3").delete_public_access_block(Bucket=name)
    step.account.set_policy_public(name, US)
    return f"bucket {name}: policy made public"


def _close_bucket(step: Step) -> str:
    name = step.choose(PRIVATE_BUCKETS)
    step.account.client("s3").delete_bucket_policy(Bucket=name)
    step.account.block_public(name, US)
    return f"bucket {name}: public access blocked"


def _share_archive(step: Step) -> str:
    step.account.client("s3").put_bucket_acl(Bucket="cedar-archive", ACL="public-read")
    return "bucket cedar-archive: access list opened to anyone"


def _unshare_archive(step: Step) -> str:
    step.account.client("s3").put_bucket_acl(Bucket="cedar-archive", ACL="private")
    return "bucket cedar-archive: access list private again"


def _leave_volume(step: Step) -> str:
    size = 100 + 50 * (step.cycle % 5)
    step.account.add_volume(US, "forgotten-restore", ("gp2", size), step.at - timedelta(days=20))
    return f"volume forgotten-restore ({size} GiB gp2): left behind by a restore"


def _delete_volume(step: Step) -> str:
    ec2 = step.account.client("ec2")
    named = [{"Name": "tag:Name", "Values": ["forgotten-restore"]}]
    for volume in ec2.describe_volumes(Filters=named)["Volumes"]:
        ec2.delete_volume(VolumeId=volume["VolumeId"])
    return "volume forgotten-restore: deleted"


def _add_console_user(step: Step) -> str:
    name, iam = f"contractor-{step.cycle + 1}", step.account.client("iam")
    iam.create_user(UserName=name)
    iam.create_login_profile(UserName=name, Password="Stand-in-only-1")  # noqa: S106  # opens nothing
    clock.date_user(name, step.at)
    return f"user {name}: console password without MFA"


def _delete_console_user(step: Step) -> str:
    name, iam = f"contractor-{step.cycle + 1}", step.account.client("iam")
    iam.delete_login_profile(UserName=name)
    iam.delete_user(UserName=name)
    return f"user {name}: deleted"


def _stop_trail(step: Step) -> str:
    step.account.client("cloudtrail", EU).stop_logging(Name="cedar-eu-audit")
    clock.date_trail(EU, "cedar-eu-audit", step.account.ago(_eu_trail_days()), step.at)
    return "trail cedar-eu-audit: stopped"


def _start_trail(step: Step) -> str:
    step.account.client("cloudtrail", EU).start_logging(Name="cedar-eu-audit")
    clock.date_trail(EU, "cedar-eu-audit", step.account.ago(_eu_trail_days()), None)
    return "trail cedar-eu-audit: started again"


def _eu_trail_days() -> int:
    return next(trail.age_days for trail in content.TRAILS if trail.name == "cedar-eu-audit")


def _allocate_address(step: Step) -> str:
    address = f"198.51.100.{step.cycle % 250 + 1}"
    step.account.add_address(US, "launch-test", address)
    return f"elastic address {address}: allocated and not used"


def _release_address(step: Step) -> str:
    ec2 = step.account.client("ec2")
    named = [{"Name": "tag:Name", "Values": ["launch-test"]}]
    for address in ec2.describe_addresses(Filters=named)["Addresses"]:
        ec2.release_address(AllocationId=address["AllocationId"])
    return "elastic address of launch-test: released"


def _revive_key(step: Step) -> str:
    step.account.add_key("reporting-job", step.at - timedelta(days=200), step.at)
    return "user reporting-job: a key of 200 days in use again"


def _delete_key(step: Step) -> str:
    iam = step.account.client("iam")
    keys = iam.list_access_keys(UserName="reporting-job")["AccessKeyMetadata"]
    youngest_allowed = step.account.ago(100)
    for key in keys:
        if key["CreateDate"] < youngest_allowed:
            iam.delete_access_key(UserName="reporting-job", AccessKeyId=key["AccessKeyId"])
    return "user reporting-job: the old key deleted"


CHANGES = (
    _door_change(US, ("api", "db", "bastion"), Door("tcp", 22, 22, ANYONE), "SSH"),
    Change(_open_bucket, _close_bucket),
    Change(_leave_volume, _delete_volume),
    Change(_add_console_user, _delete_console_user),
    Change(_stop_trail, _start_trail),
    _door_change(EU, ("worker-eu", "web-eu"), Door("tcp", 3389, 3389, ANYONE_V6), "RDP"),
    Change(_allocate_address, _release_address),
    Change(_revive_key, _delete_key),
    Change(_share_archive, _unshare_archive),
    _door_change(US, ("web", "db"), Door("-1", -1, -1, ANYONE), "every port"),
)
ORDER = _order(CHANGES)
CYCLE = len(ORDER)
