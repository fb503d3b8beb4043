"""Restores are proven."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.environments import AWS_TAGS, aws_tags, is_critical
from domain.compliance.instants import age
from domain.compliance.tickets import SEARCH, check_reach, issues_of
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

RESTORES, PLANS = "backup.list_restore_jobs", "backup.list_restore_testing_plans"
PROTECTED = "backup.list_protected_resources"
JOBS = "GET Microsoft.RecoveryServices/vaults/backupJobs"
ITEMS = "GET Microsoft.RecoveryServices/vaults/backupProtectedItems"
OPERATIONS = "sqladmin.v1:operations.list"
RESTORING = frozenset({"RESTORE_VOLUME", "CLONE"})
LABEL = "restore-test"
LATE = timedelta(days=120)


def _aws(case: Case) -> Iterator[Item]:
    """Each store that AWS Backup protects, unless its tags say that production does not need it. What a person has
    signed is told by tickets.
    """
    plans = [one["RestoreTestingPlanName"] for one in case.answers.items(PLANS, "RestoreTestingPlans")]
    done = [
        job
        for job in case.answers.items(RESTORES, "RestoreJobs")
        if job["Status"] == "COMPLETED" and age(job["CompletionDate"], case.now) <= _recent(case)
    ]
    tags = aws_tags(case.answers)
    for store in case.answers.items(PROTECTED, "Results"):
        name = store["ResourceArn"]
        if is_critical(tags.get(name)):
            yield _store(case, name, [job for job in done if job.get("SourceResourceArn") == name], plans)


def _store(case: Case, name: str, jobs: Iterable[Mapping[str, Any]], plans: list[str]) -> Item:
    # AWS leaves the validation out of a restore that nothing has validated.
    newest = sorted(jobs, key=lambda job: (job.get("ValidationStatus") == "SUCCESSFUL", job["CompletionDate"]))
    if not newest:
        said = f"no restore; plans that test restores: {', '.join(plans) or 'none'}"
        return failed(name, said, f"a validated restore in {case.parameters['test_days']} days")
    last = newest[-1]
    said = f"restored {last['CompletionDate']}, validation {last.get('ValidationStatus') or 'none'}"
    if last.get("ValidationStatus") == "SUCCESSFUL":
        return passed(name, said)
    return warned(name, said, "a validation that succeeded")


def _azure(case: Case) -> Iterator[Item]:
    """Each vault in which something is protected: Azure is asked for the restores of the vault."""
    protected = {call.arguments["id"] for call in case.answers.calls(ITEMS) for page in call.pages if page["value"]}
    for vault in sorted(protected):
        ends = [
            job["properties"]["endTime"]
            for job in case.answers.under(JOBS, "value", id=vault)
            if job["properties"]["operation"] == "Restore" and job["properties"]["status"] == "Completed"
        ]
        yield _restored(case, vault, ends)


def _gcp(case: Case) -> Iterator[Item]:
    """Each database, by the newest fifty of its operations, which is all that is read of them."""
    for call in case.answers.calls(OPERATIONS):
        ends = [
            one["endTime"]
            for page in call.pages
            for one in page.get("items") or ()
            if one["operationType"] in RESTORING and one["status"] == "DONE"
        ]
        yield _restored(case, call.arguments["instance"], ends)


def _restored(case: Case, name: str, ends: Iterable[str]) -> Item:
    expected = f"a restore in {case.parameters['test_days']} days"
    last = min(ends, key=lambda end: age(end, case.now), default=None)
    if last is None or age(last, case.now) > LATE:
        return failed(name, f"last restore: {last or 'none'}", expected)
    say = f"last restore: {last}"
    return passed(name, say) if age(last, case.now) <= _recent(case) else warned(name, say, expected)


def _jira(case: Case) -> Iterator[Item]:
    """One item for all tickets. Only DigitalOcean keeps no history of restores: nothing to judge without it."""
    done = [issue for issue in issues_of(case.answers) if _is_done_test(issue["fields"])]
    if not case.of(Integration.DIGITALOCEAN):
        return
    proven = [issue["fields"]["resolutiondate"] for issue in done if issue["fields"]["attachment"]]
    if all(age(at, case.now) > _recent(case) for at in proven):
        check_reach(case.answers, case.now - LATE)
    if done and not proven:
        yield failed(LABEL, f"{done[-1]['key']} is done without an attachment", "what was seen, attached")
    else:
        yield _restored(case, LABEL, proven)


def _is_done_test(fields: Mapping[str, Any]) -> bool:
    return LABEL in fields["labels"] and fields["resolutiondate"] is not None and _is_done(fields["status"])


def _is_done(status: Mapping[str, Any]) -> bool:
    return bool(status["statusCategory"]["key"] == "done")


def _recent(case: Case) -> timedelta:
    return timedelta(days=case.parameters["test_days"])


CONTROL = Control(
    id="CW-AVL-02",
    name="Restores are proven",
    category="availability",
    severity=Severity.HIGH,
    frequency=Frequency.WEEKLY,
    evidence_kind=EvidenceKind.EVENT_POPULATION,
    criteria=("A1.3", "CC7.5"),
    objective="A copy counts only once it has been brought back and checked.",
    owner_role="operations",
    parameters={"test_days": 92},
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=(RESTORES, PLANS, PROTECTED, AWS_TAGS),
            passes=(
                "Each critical store that AWS Backup protects was restored within test_days, and the validation of the "
                "restore succeeded."
            ),
            warns="The restore completed, but nothing validated it.",
            fails="A store was not restored within test_days.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=(JOBS, ITEMS),
            passes="Each vault that protects something has a restore that completed within test_days.",
            warns="The last one is older, but not older than 120 days.",
            fails="There is none.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=(OPERATIONS,),
            passes="Each database was restored or cloned within test_days.",
            warns="The last time is longer ago, but not longer than 120 days.",
            fails="It never was, as far as its last fifty operations tell.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.JIRA,
            scope="event",
            operations=(SEARCH,),
            passes=(
                "Where the provider keeps no history of restores, an issue labelled restore-test was done within "
                "test_days and has an attachment."
            ),
            warns="It was done within 120 days.",
            fails="There is none.",
            judge=_jira,
            version=2,
        ),
    ),
)
