"""What is said of failed work, and of exports and stores."""

import json
from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.judging import judge
from domain.controls import cw_pin_02, cw_pin_03
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call, case
from tests.factories.judged_module import failing, said

PASS, WARNING, FAIL, ERROR, NONE = (
    CheckStatus.PASS,
    CheckStatus.WARNING,
    CheckStatus.FAIL,
    CheckStatus.ERROR,
    CheckStatus.NOT_APPLICABLE,
)
AWS, GCP, AZURE, OURS = (
    Integration.AWS,
    Integration.GCP,
    Integration.AZURE,
    Integration.PLATFORM,
)


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).isoformat()


def queue(arn: str, to: str | None = None, waiting: int = 0, kept: int = 345600, made: float = 900) -> dict[str, str]:
    numbers = {"ApproximateNumberOfMessages": str(waiting), "MessageRetentionPeriod": str(kept)}
    created = str(int((NOW - timedelta(hours=made)).timestamp()))
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": to, "maxReceiveCount": 5})} if to else {}
    return {"QueueArn": arn, **numbers, "CreatedTimestamp": created, **redrive}


def work(*queues: Any, functions: Any = (), invoked: Any = (), machines: Any = (), runs: Any = ()) -> Any:
    return answers(
        AWS,
        ("sqs.list_queues", {}),
        ("sqs.get_queue_attributes", *({"Attributes": one} for one in queues)),
        call("lambda.list_functions", {"Functions": list(functions)}, at="eu-west-1"),
        call("lambda.get_function_event_invoke_config", *invoked, at="eu-west-1", FunctionName="f"),
        ("stepfunctions.list_state_machines", {"stateMachines": [{"stateMachineArn": one} for one in machines]}),
        call("stepfunctions.list_executions", {"executions": list(runs)}, stateMachineArn="m"),
    )


def function(target: str | None = None) -> dict[str, Any]:
    return {
        "FunctionName": "f",
        "FunctionArn": "arn:f",
        **({"DeadLetterConfig": {"TargetArn": target}} if target else {}),
    }


def run(hours: float, status: str = "FAILED") -> dict[str, Any]:
    return {"status": status, "stopDate": ago(hours=hours)}


TO_D = {"DestinationConfig": {"OnFailure": {"Destination": "d"}}}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (work(queue("q", "d"), queue("d")), PASS),
        (work(queue("q")), FAIL),
        (work(queue("q", "d"), queue("d", waiting=3)), FAIL),
        (work(queue("q", "d"), queue("d", waiting=3, kept=86400)), WARNING),
        (work(queue("q", "d"), queue("d", waiting=3, made=24)), WARNING),
        (work(queue("q", "of-another-account")), PASS),
        (work(queue("d"), functions=[function("d")]), PASS),
        (work(queue("d"), functions=[function()], invoked=[TO_D]), PASS),
        (work(functions=[function()], invoked=[{"DestinationConfig": {"OnFailure": {}}}]), FAIL),
        (work(functions=[function()]), FAIL),
        (work(machines=["m", "n"]), PASS),
        (work(machines=["m"], runs=[run(24), run(99, "ABORTED")]), WARNING),
        (work(machines=["m"], runs=[run(1), run(25, "TIMED_OUT")]), FAIL),
        (work(), NONE),
    ],
)
def test_work_that_fails_in_aws_waits_where_it_is_seen(asked: Any, status: CheckStatus) -> None:
    assert said(cw_pin_02, asked) is status


@pytest.mark.parametrize(("waiting", "made", "status"), [(0, 900, PASS), (2, 24, WARNING), (2, 25, FAIL)])
def test_a_queue_of_service_bus_has_no_old_dead_letters(waiting: int, made: float, status: CheckStatus) -> None:
    state = {"countDetails": {"deadLetterMessageCount": waiting}, "createdAt": ago(hours=made)}
    listed = {"value": [{"id": "q", "properties": state}]}

    assert said(cw_pin_02, answers(AZURE, ("GET Microsoft.ServiceBus/namespaces/queues", listed))) is status


def subscription(name: str, topic: str, dead: str | None = None) -> dict[str, Any]:
    return {"name": name, "topic": topic, **({"deadLetterPolicy": {"deadLetterTopic": dead}} if dead else {})}


@pytest.mark.parametrize(
    ("listed", "status"),
    [
        ([subscription("a", "t", "d"), subscription("b", "d")], PASS),
        ([subscription("a", "t", "d"), subscription("b", "t")], WARNING),
        ([subscription("a", "t")], FAIL),
        ([], NONE),
    ],
)
def test_a_subscription_has_a_dead_letter_topic(listed: list[Any], status: CheckStatus) -> None:
    google = answers(GCP, ("pubsub.v1:projects.subscriptions.list", {"subscriptions": listed}))

    assert said(cw_pin_02, google) is status


def jobs(succeeded: int, failed: int, dead: int = 0, hours: float = 0, queued: int = 9) -> dict[str, Any]:
    ended = {"queued": queued, "succeeded": succeeded, "failed": failed, "dead": dead}
    return {**ended, "oldest_dead_at": NOW - timedelta(hours=hours)}


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (jobs(99, 1), PASS),
        (jobs(98, 2), FAIL),
        (jobs(99, 1, 1, 24), WARNING),
        (jobs(99, 1, 1, 25), FAIL),
        (jobs(0, 0, queued=0), PASS),
        (jobs(0, 0, queued=1), FAIL),
    ],
)
def test_background_work_of_ours_ends_well(row: dict[str, Any], status: CheckStatus) -> None:
    assert said(cw_pin_02, answers(OURS, ("platform:job_runs", [row]))) is status


def stores(
    versions: bool | None, instance: bool, table: bool = True, cluster: bool = True, unread: tuple[str, ...] = ()
) -> Any:
    """A bucket (None: no bucket), an instance, a table, and a cluster with an instance of its own."""
    database = {"DBInstanceArn": "db", "DeletionProtection": instance}
    member = {"DBInstanceArn": "of-cluster", "DeletionProtection": False, "DBClusterIdentifier": "c"}
    return answers(
        AWS,
        ("s3.list_buckets", {"Buckets": [] if versions is None else [{"Name": "b"}]}),
        call("s3.get_bucket_versioning", {"Status": "Enabled"} if versions else {}, Bucket="b"),
        ("rds.describe_db_instances", {"DBInstances": [database, member]}),
        ("rds.describe_db_clusters", {"DBClusters": [{"DBClusterArn": "c", "DeletionProtection": cluster}]}),
        ("dynamodb.describe_table", {"Table": {"TableArn": "t", "DeletionProtectionEnabled": table}}),
        unread=unread,
    )


@pytest.mark.parametrize(
    ("asked", "status", "which"),
    [
        (stores(versions=True, instance=True), PASS, set()),
        (stores(versions=True, instance=False), WARNING, set()),
        (stores(versions=True, instance=True, table=False), WARNING, set()),
        (stores(versions=True, instance=True, cluster=False), WARNING, set()),
        (stores(versions=False, instance=True, cluster=False), FAIL, {"b", "c"}),
        (stores(versions=False, instance=True), FAIL, {"b"}),
        (stores(versions=False, instance=False, table=False), FAIL, {"b", "db", "t"}),
        (stores(versions=None, instance=False), FAIL, {"db"}),
    ],
)
def test_buckets_keep_versions_and_databases_are_protected(asked: Any, status: CheckStatus, which: set[str]) -> None:
    assert said(cw_pin_03, asked) is status
    assert failing(cw_pin_03, asked) == which


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ({"isVersioningEnabled": True, "deleteRetentionPolicy": {"enabled": True}}, PASS),
        ({"deleteRetentionPolicy": {"enabled": True}}, WARNING),
        ({"isVersioningEnabled": True}, WARNING),
        ({"isVersioningEnabled": False, "deleteRetentionPolicy": {"enabled": False}}, FAIL),
    ],
)
def test_blobs_keep_versions_and_what_was_deleted(state: dict[str, Any], status: CheckStatus) -> None:
    page = {"id": "s", "properties": state}

    assert said(cw_pin_03, answers(AZURE, ("GET Microsoft.Storage/storageAccounts/blobServices", page))) is status


def google_stores(bucket: dict[str, Any] | None, protected: bool | None) -> Any:
    instances = [] if protected is None else [{"name": "db", "settings": {"deletionProtectionEnabled": protected}}]
    return answers(
        GCP,
        ("storage.v1:buckets.list", {"items": [] if bucket is None else [{"name": "b", **bucket}]}),
        ("sqladmin.v1:instances.list", {"items": instances}),
    )


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (google_stores({"versioning": {"enabled": True}}, True), PASS),
        (google_stores({"softDeletePolicy": {"retentionDurationSeconds": "604800"}}, True), PASS),
        (google_stores({"softDeletePolicy": {"retentionDurationSeconds": "0"}}, True), WARNING),
        (google_stores({"versioning": {"enabled": True}}, False), WARNING),
        (google_stores({}, False), FAIL),
        (google_stores({}, None), FAIL),
        (google_stores(None, False), FAIL),
        (google_stores(None, None), NONE),
    ],
)
def test_stores_of_google_keep_what_was_deleted(asked: Any, status: CheckStatus) -> None:
    assert said(cw_pin_03, asked) is status


def export(**other: Any) -> dict[str, Any]:
    row = {"export_id": "e", "requested_by": "anna", "permission": "costs:read", "was_permitted": True, "sha256": "ab"}
    counts = {"row_count": 9, "source_count": 9, "downloaded_by": ["anna"], "downloaded_without_permission": []}
    return {**row, **counts, **other}


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (export(), PASS),
        (export(downloaded_by=["anna", "ben"]), WARNING),
        (export(downloaded_by=["ben"], downloaded_without_permission=["ben"]), FAIL),
        (export(was_permitted=False), FAIL),
        (export(row_count=8), FAIL),
        (export(sha256=None), FAIL),
    ],
)
def test_an_export_is_whole_and_goes_to_those_who_may_have_it(row: dict[str, Any], status: CheckStatus) -> None:
    assert said(cw_pin_03, answers(OURS, ("platform:exports", [row]))) is status
    assert said(cw_pin_03, answers(OURS, ("platform:exports", []))) is NONE


@pytest.mark.parametrize("module", [cw_pin_02, cw_pin_03])
def test_nothing_is_said_of_what_was_not_read(module: Any) -> None:
    for one in module.CONTROL.procedures:
        unread = answers(one.integration, unread=one.operations)

        assert judge(one, case(unread, module.CONTROL)).status is ERROR


@pytest.mark.parametrize(
    "operation",
    ["s3.list_buckets", "s3.get_bucket_versioning", "rds.describe_db_instances", "rds.describe_db_clusters"],
)
def test_stores_are_not_judged_while_a_kind_of_them_was_not_read(operation: str) -> None:
    asked = stores(versions=True, instance=True, unread=(operation,))

    assert said(cw_pin_03, asked) is ERROR
