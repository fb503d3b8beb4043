"""Data is kept for its term and then destroyed."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.compliance.buckets import bucket_names
from domain.compliance.call_index import first_pages, joined
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.labels import aws_labels, label_of, within_partition
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

# The days that a group of logs may be kept. Source: CloudWatch Logs API reference, PutRetentionPolicy.
LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
# A rule that destroys something, but not everything or not by age.
OTHERWISE = -1
AZURE_AGES = (
    "daysAfterModificationGreaterThan",
    "daysAfterCreationGreaterThan",
    "daysAfterLastAccessTimeGreaterThan",
)


def _aws(case: Case) -> Iterator[Item]:
    """Stores with a label that has a term."""
    labels = aws_labels(case.answers)
    rules = joined(case.answers, "s3.get_bucket_lifecycle_configuration", "Bucket", "Rules")
    for name in bucket_names(case.answers):
        yield from _kept(case, name, labels.get(f"s3:::{name}"), _bucket_days(rules.get(name, [])))
    yield from _tables(case, labels)
    plans = first_pages(case.answers, "backup.get_backup_plan", "BackupPlanId")
    for plan in case.answers.items("backup.list_backup_plans", "BackupPlansList"):
        arn = plan["BackupPlanArn"]
        lives = [rule.get("Lifecycle") or {} for rule in plans[plan["BackupPlanId"]]["BackupPlan"]["Rules"]]
        days = [life["DeleteAfterDays"] for life in lives if life.get("DeleteAfterDays")]
        # Copies of a rule without an end are kept for ever.
        partly = [OTHERWISE] if days and len(days) < len(lives) else []
        yield from _kept(case, arn, labels.get(within_partition(arn)), [*days, *partly])
    yield from _logs(case, labels)


def _tables(case: Case, labels: Mapping[str, str]) -> Iterator[Item]:
    """When items end is written in each of them and is not seen."""
    ending = {
        (call.region, call.arguments["TableName"])
        for call in case.answers.calls("dynamodb.describe_time_to_live")
        for page in call.pages
        if page["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
    }
    for call in case.answers.calls("dynamodb.describe_table"):
        for page in call.pages:
            arn, name = page["Table"]["TableArn"], page["Table"]["TableName"]
            days = [OTHERWISE] if (call.region, name) in ending else []
            yield from _kept(case, arn, labels.get(within_partition(arn)), days)


def _logs(case: Case, labels: Mapping[str, str]) -> Iterator[Item]:
    """What CloudWatch offers next to the term counts as the term."""
    for group in case.answers.items("logs.describe_log_groups", "logGroups"):
        # Tags are listed by the ARN without the star that stands for the streams.
        arn = group["arn"].removesuffix(":*")
        label = labels.get(within_partition(arn))
        term, days = _terms(case).get(label or ""), group.get("retentionInDays")
        if term is not None and days == next((day for day in LOG_DAYS if day >= term), None):
            days = term
        yield from _kept(case, arn, label, [days] if days else [])


def _bucket_days(rules: Iterable[Mapping[str, Any]]) -> list[int]:
    """When the rules in force destroy objects; those for a part of the bucket, or a day, do so otherwise."""
    found = []
    for rule in rules:
        end = rule.get("Expiration") or {}
        if rule["Status"] == "Enabled" and (end.get("Days") or end.get("Date")):
            # The older form names a prefix beside the filter. An empty one is the whole bucket.
            is_whole = not rule.get("Prefix") and not any((rule.get("Filter") or {}).values())
            found.append(end["Days"] if is_whole and end.get("Days") else OTHERWISE)
    return found


def _azure(case: Case) -> Iterator[Item]:
    policies = first_pages(case.answers, "GET Microsoft.Storage/storageAccounts/managementPolicies", "id")
    for account in case.answers.items("GET Microsoft.Storage/storageAccounts", "value"):
        page = policies.get(account["id"])
        rules = page["properties"]["policy"]["rules"] if page else []
        # A rule without the field is in force.
        days = [day for rule in rules if rule.get("enabled", True) for day in _blob_days(rule["definition"])]
        yield from _kept(case, account["id"], label_of(account.get("tags")), days)


def _blob_days(definition: Mapping[str, Any]) -> Iterator[int]:
    delete = (definition["actions"].get("baseBlob") or {}).get("delete")
    if delete is not None:
        filters = definition.get("filters") or {}
        # Almost all blobs are block blobs; a rule may be for append blobs alone.
        is_plain = "blockBlob" in (filters.get("blobTypes") or ["blockBlob"])
        is_whole = is_plain and not filters.get("prefixMatch") and not filters.get("blobIndexMatch")
        ages = [delete[name] for name in AZURE_AGES if delete.get(name) is not None]
        yield int(ages[0]) if is_whole and len(ages) == 1 else OTHERWISE


def _gcp(case: Case) -> Iterator[Item]:
    for bucket in case.answers.items("storage.v1:buckets.list", "items"):
        rules = (bucket.get("lifecycle") or {}).get("rule") or []
        ends = [rule["condition"] for rule in rules if rule["action"]["type"] == "Delete"]
        # Any other condition beside the age leaves something out.
        days = [end["age"] if end.keys() == {"age"} else OTHERWISE for end in ends]
        yield from _kept(case, f"//storage.googleapis.com/{bucket['name']}", label_of(bucket.get("labels")), days)


def _digitalocean(case: Case) -> Iterator[Item]:
    """Spaces carry no tags: their label is a word of their name, as in acme-pii-exports.

    Of one whose name says nothing, only a rule with one of the terms shows that it was thought of.
    """
    operation, terms = "SPACES s3.get_bucket_lifecycle_configuration", _terms(case)
    rules = joined(case.answers, operation, "Bucket", "Rules")
    for space in sorted({one["Name"] for one in case.answers.items("SPACES s3.list_buckets", "Buckets")}):
        days = _bucket_days(rules.get(space, []))
        label = next((word for word in re.split(r"[-.]", space) if word in terms), None)
        if label:
            yield from _kept(case, space, label, days)
        elif days and set(days) <= set(terms.values()):
            yield passed(space, f"destroyed after {days[0]} days")
        else:
            yield warned(space, "no label in its name, no rule with a term of a label", "a label, and a rule for it")


def _terms(case: Case) -> Mapping[str, int]:
    terms: Mapping[str, int] = case.parameters["terms_days"]
    return terms


def _kept(case: Case, name: str, label: str | None, days: list[int]) -> Iterator[Item]:
    """What is said of a store by the days after which its rules destroy; without a label that has a term, nothing."""
    term = _terms(case).get(label or "")
    if term is None:
        return
    expected = f"destroyed after {term} days"
    if not days:
        yield failed(name, f"{label}, without a rule that destroys it", expected)
    elif set(days) == {term}:
        yield passed(name, f"{label}, {expected}")
    else:
        told = sorted({f"after {day} days" if day != OTHERWISE else "in part or at another time" for day in days})
        yield warned(name, f"{label}, destroyed {' and '.join(told)}", expected)


CONTROL = Control(
    id="CW-DAT-07",
    name="Data is kept for its term and then destroyed",
    category="data",
    severity=Severity.MEDIUM,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("C1.2", "P4.2", "P4.3", "CC6.5"),
    objective="Lifecycle rules match the declared retention of each label.",
    owner_role="security",
    parameters={"terms_days": {"pii": 730, "phi": 2190, "cardholder": 365, "confidential": 1095}},
    remediations=("aws.s3.put_lifecycle", "aws.logs.set_retention"),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                "s3.get_bucket_lifecycle_configuration",
                "dynamodb.describe_time_to_live",
                "backup.list_backup_plans",
                "backup.get_backup_plan",
                "logs.describe_log_groups",
                "s3.list_buckets",
                "dynamodb.describe_table",
                "resourcegroupstaggingapi.get_resources",
            ),
            passes="Every labelled store has a rule in force that destroys data after the term of its label.",
            warns="It has a rule for another term, or for a part of the data.",
            fails="A store with personal or confidential data has no rule.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=(
                "GET Microsoft.Storage/storageAccounts",
                "GET Microsoft.Storage/storageAccounts/managementPolicies",
            ),
            passes="A rule deletes the blobs of every labelled account after the term of its label.",
            warns="A rule deletes after another term, or a part of the blobs.",
            fails="An account with personal or confidential data has no rule.",
            judge=_azure,
            version=2,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=("storage.v1:buckets.list",),
            passes="A rule deletes the objects of every labelled bucket after the term of its label.",
            warns="A rule deletes after another term, or a part of the objects.",
            fails="A bucket with personal or confidential data has no rule.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="resource",
            operations=("SPACES s3.list_buckets", "SPACES s3.get_bucket_lifecycle_configuration"),
            passes="A rule deletes what is in every space after the term of the label in its name.",
            warns="A rule deletes after another term, or a part, or the name of a space tells no label.",
            fails="A space with personal or confidential data has no rule.",
            judge=_digitalocean,
        ),
    ),
)
