"""Backups of health data are locked, and can be restored in 72 hours.

A restore that took longer proves nothing and does not count.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.health_data import aws_stores
from domain.compliance.instants import age, instant
from domain.facts.compliance import Integration

TAGS, PROTECTED = "resourcegroupstaggingapi.get_resources", "backup.list_protected_resources"
VAULTS, RESTORES = "backup.describe_backup_vault", "backup.list_restore_jobs"
IN_TIME, RECENT = timedelta(hours=72), timedelta(days=92)
WANTED = "a locked vault, and a restore within 92 days that took less than 72 hours"


def _aws(case: Case) -> Iterator[Item]:
    """Every store labelled phi; one that AWS Backup does not protect has no backup here."""
    vaults = {page["BackupVaultArn"]: page for call in case.answers.calls(VAULTS) for page in call.pages}
    copied = {one["ResourceArn"]: one.get("LastBackupVaultArn") for one in case.answers.items(PROTECTED, "Results")}
    ends: dict[str, list[str]] = {}
    for job in case.answers.items(RESTORES, "RestoreJobs"):
        if job["Status"] == "COMPLETED" and _took(job) < IN_TIME:
            ends.setdefault(str(job.get("SourceResourceArn")), []).append(job["CompletionDate"])
    for arn in aws_stores(case.answers):
        if arn not in copied:
            yield failed(arn, "not protected by AWS Backup", WANTED)
        elif not (vaults.get(copied[arn]) or {}).get("Locked"):
            yield failed(arn, f"kept in {copied[arn] or 'no vault'}, which is not seen to be locked", WANTED)
        else:
            yield _restored(case, arn, min(ends.get(arn, ()), key=lambda end: age(end, case.now), default=None))


def _took(job: Mapping[str, Any]) -> timedelta:
    return instant(job["CompletionDate"]) - instant(job["CreationDate"])


def _restored(case: Case, arn: str, last: str | None) -> Item:
    if last is None:
        return failed(arn, "no restore that took less than 72 hours", WANTED)
    say = f"locked, last restored {instant(last):%Y-%m-%d}"
    return passed(arn, say) if age(last, case.now) <= RECENT else warned(arn, say, WANTED)


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(VAULTS, RESTORES, PROTECTED, TAGS),
        passes="Each store labelled phi has its newest backup in a locked vault, and a restore in time within 92 days.",
        warns="Its last restore that took less than 72 hours is older than 92 days.",
        fails="It has no such backup, the vault is not locked, or no restore took less than 72 hours.",
        judge=_aws,
    ),
)
