"""Failed work surfaces and is drained.

Clouds do not say how long a message has been waiting: it counts as older than drain_hours unless its queue keeps
nothing that long or is younger itself. A run that ended badly waits until it is redriven, or a person has stopped it.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

QUEUES, ATTRIBUTES = "sqs.list_queues", "sqs.get_queue_attributes"
FUNCTIONS, INVOKES = "lambda.list_functions", "lambda.get_function_event_invoke_config"
MACHINES, RUNS = "stepfunctions.list_state_machines", "stepfunctions.list_executions"
BUS_QUEUES, SUBSCRIPTIONS = "GET Microsoft.ServiceBus/namespaces/queues", "pubsub.v1:projects.subscriptions.list"
JOBS, PASS_RATIO = "platform:job_runs", 0.99
# A run that was aborted was stopped by somebody, who therefore knows of it.
LOST = ("FAILED", "TIMED_OUT")


def _aws(case: Case) -> Iterator[Item]:
    case.answers.calls(QUEUES)
    queues = [page["Attributes"] for call in case.answers.calls(ATTRIBUTES) for page in call.pages]
    dead = {_target(one) for one in queues if one.get("RedrivePolicy")} | set(_failure_targets(case).values())
    for queue in queues:
        yield _dead_letters(queue, case) if queue["QueueArn"] in dead else _queue(queue)
    yield from _functions(case)
    yield from _machines(case)


def _target(queue: Mapping[str, Any]) -> str:
    return str(json.loads(queue["RedrivePolicy"])["deadLetterTargetArn"])


def _queue(queue: Mapping[str, Any]) -> Item:
    if queue.get("RedrivePolicy"):
        return passed(queue["QueueArn"], f"dead letters go to {_target(queue)}")
    return failed(queue["QueueArn"], "no dead-letter queue", "a dead-letter queue")


def _dead_letters(queue: Mapping[str, Any], case: Case) -> Item:
    waiting, limit = int(queue["ApproximateNumberOfMessages"]), timedelta(hours=case.parameters["drain_hours"])
    if not waiting:
        return passed(queue["QueueArn"], "no dead letters")
    kept = timedelta(seconds=int(queue["MessageRetentionPeriod"]))
    oldest = min(kept, age(int(queue["CreatedTimestamp"]), case.now))
    return (warned if oldest <= limit else failed)(queue["QueueArn"], f"{waiting} dead letters", "none")


def _failure_targets(case: Case) -> dict[tuple[str | None, str], str]:
    """Where failed calls of each function go, by region and name."""
    found = {
        (region, one["FunctionName"]): one["DeadLetterConfig"]["TargetArn"]
        for region, one in case.answers.located(FUNCTIONS, "Functions")
        if (one.get("DeadLetterConfig") or {}).get("TargetArn")
    }
    for call in case.answers.calls(INVOKES):
        for page in call.pages:
            # Both parts are left out where nothing is set. Source: Lambda API reference, DestinationConfig.
            on_failure = (page.get("DestinationConfig") or {}).get("OnFailure") or {}
            if on_failure.get("Destination"):
                found[(call.region, call.arguments["FunctionName"])] = on_failure["Destination"]
    return found


def _functions(case: Case) -> Iterator[Item]:
    targets = _failure_targets(case)
    for region, function in case.answers.located(FUNCTIONS, "Functions"):
        target = targets.get((region, function["FunctionName"]))
        if target:
            yield passed(function["FunctionArn"], f"failed calls go to {target}")
        else:
            yield failed(function["FunctionArn"], "failed calls are lost", "a dead-letter queue or destination")


def _machines(case: Case) -> Iterator[Item]:
    limit = timedelta(hours=case.parameters["drain_hours"])
    lost: dict[str, list[timedelta]] = {}
    for call in case.answers.calls(RUNS):
        for run in (run for page in call.pages for run in page["executions"] if run["status"] in LOST):
            lost.setdefault(call.arguments["stateMachineArn"], []).append(age(run["stopDate"], case.now))
    for machine in case.answers.items(MACHINES, "stateMachines"):
        arn = machine["stateMachineArn"]
        ages = lost.get(arn, [])
        say = failed if any(one > limit for one in ages) else warned
        yield say(arn, f"{len(ages)} failed runs", "none") if ages else passed(arn, "no failed run")


def _azure(case: Case) -> Iterator[Item]:
    limit = timedelta(hours=case.parameters["drain_hours"])
    for queue in case.answers.items(BUS_QUEUES, "value"):
        state = queue["properties"]
        waiting = state["countDetails"]["deadLetterMessageCount"]
        if not waiting:
            yield passed(queue["id"], "no dead letters")
        else:
            say = warned if age(state["createdAt"], case.now) <= limit else failed
            yield say(queue["id"], f"{waiting} dead letters", "none")


def _gcp(case: Case) -> Iterator[Item]:
    listed = list(case.answers.items(SUBSCRIPTIONS, "subscriptions"))
    topics = {one["name"]: (one.get("deadLetterPolicy") or {}).get("deadLetterTopic") for one in listed}
    dead = {topic for topic in topics.values() if topic}
    for one in listed:
        name = one["name"]
        if topics[name]:
            yield passed(name, f"dead letters go to {topics[name]}")
        elif one["topic"] in dead:
            yield passed(name, "reads dead letters itself")
        else:
            yield (warned if dead else failed)(name, "no dead-letter topic", "a dead-letter topic")


def _platform(case: Case) -> Iterator[Item]:
    limit = timedelta(hours=case.parameters["drain_hours"])
    for row in case.answers.items(JOBS):
        ended, dead = row["succeeded"] + row["failed"], row["dead"]
        seen = f"{row['queued']} queued, {row['succeeded']} of {ended} succeeded in 24 h, {dead} dead"
        if dead and case.now - row["oldest_dead_at"] > limit:
            yield failed("jobs", f"{seen} since {row['oldest_dead_at']:%Y-%m-%d %H:%M} UTC", "none dead for so long")
        elif (ended and row["succeeded"] / ended < PASS_RATIO) or (row["queued"] and not ended):
            yield failed("jobs", seen, "99% succeed")
        else:
            yield warned("jobs", seen, "none dead") if dead else passed("jobs", seen)


CONTROL = Control(
    id="CW-PIN-02",
    name="Failed work surfaces and is drained",
    category="integrity",
    severity=Severity.HIGH,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("PI1.3", "CC7.2"),
    objective="No message, job or event is lost without someone knowing.",
    owner_role="engineering",
    parameters={"drain_hours": 24},
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                "sqs.list_queues",
                "sqs.get_queue_attributes",
                "lambda.list_functions",
                "lambda.get_function_event_invoke_config",
                "stepfunctions.list_executions",
                "stepfunctions.list_state_machines",
            ),
            passes=(
                "Every queue and function has a dead-letter path, no dead letter waits, and no run of a state "
                "machine has failed."
            ),
            warns="Dead letters or failed runs are younger than drain_hours.",
            fails="A queue or function has no dead-letter path, or what failed may be older than drain_hours.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=("GET Microsoft.ServiceBus/namespaces/queues",),
            passes="No queue has dead letters.",
            warns="There are some, and the queue itself is no older than drain_hours.",
            fails="There are some that may be older.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=("pubsub.v1:projects.subscriptions.list",),
            passes="Every subscription has a dead-letter topic, or reads one.",
            warns="Only some have.",
            fails="None has.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=("platform:job_runs",),
            passes="No job is dead, and at least 99% of those that ended in 24 hours succeeded.",
            warns="Jobs are dead for no longer than drain_hours.",
            fails="Jobs are dead for longer, fewer than 99% succeeded, or none ends.",
            judge=_platform,
        ),
    ),
)
