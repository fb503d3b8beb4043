"""Who may do what, what watches and what it costs in AWS, read from moto, and where that lacks it from AWS's models."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from botocore import xform_name

from app.demo.aws_wire import model_of
from connectors.clouds.aws import registration, session
from connectors.reading.listing import Listing, Operation
from domain.facts.inventory import GapCause, ServiceGap
from domain.facts.resource import Resource, ResourceKind
from tests.factories.aws_governance import ACCOUNT, MONITOR, REGION, fill_governance
from tests.fakes.aws import Moto, credentials
from tests.fakes.collecting import Collected, survey
from tests.fakes.peers import aws_governance

NOT_ENROLLED = {"status": "Inactive"}
THROTTLED = ("iam.list_users", "kms.describe_key", "ce.get_cost_and_usage", "sqs.list_queues", "macie2.get_findings")


def of(*names: str) -> list[Listing]:
    """The listings that make any of these calls."""
    return [
        one
        for one in registration.REGISTRATION.listings
        if set(names) & {operation.name for operation in one.operations}
    ]


OPERATIONS = {one.name: one for one in registration.REGISTRATION.operations if one.name in aws_governance.PEERS}
GOVERNANCE = of(*aws_governance.PEERS)


def as_sent(operation: str) -> str:
    """Such as iam.ListUsers."""
    service, _, method = operation.partition(".")
    names = {xform_name(name): name for name in model_of(service).operation_names}
    return f"{service}.{names[method]}"


@pytest.fixture(scope="module")
def filled() -> Iterator[Moto]:
    with Moto().served() as moto:
        moto.reset()
        fill_governance(moto)
        yield moto


@pytest.fixture
def moto(filled: Moto, monkeypatch: pytest.MonkeyPatch) -> Iterator[Moto]:
    """The filled account; what a test orders ends with it."""
    monkeypatch.setattr(session, "PREPARING_SECONDS", 0.01)
    said = dict(filled.wire)
    yield filled
    filled.wire.clear()
    filled.wire.update(said)


async def read(moto: Moto, *names: str, **given: Any) -> tuple[Collected, tuple[ServiceGap, ...]]:
    collected, report = await survey(registration.REGISTRATION, credentials(moto.url, **given), of(*names))
    return collected, report.gaps


def the(collected: Collected, kind: ResourceKind) -> Resource:
    (one,) = collected.of(kind)
    return one


async def test_the_whole_survey_answers_every_call_and_parses_everything(moto: Moto) -> None:
    collected, report = await survey(registration.REGISTRATION, credentials(moto.url), GOVERNANCE)

    assert report.gaps == ()
    assert set(report.answered) - {registration.REGISTRATION.identity_operation.name} >= set(aws_governance.PEERS)
    assert not set(aws_governance.PEERS) & set(aws_governance.NOT_EXERCISED)
    wanted = {kind for one in GOVERNANCE for kind in one.kinds if set(aws_governance.PEERS) & {one.operation.name}}
    assert wanted <= {one.kind for one in collected.found}
    assert {one.config["Account"] for one in collected.of(ResourceKind.AWS_ACCOUNT)} == {ACCOUNT}


async def test_nothing_secret_or_private_is_kept(moto: Moto) -> None:
    collected, _ = await survey(registration.REGISTRATION, credentials(moto.url), GOVERNANCE)

    kept = orjson.dumps([one.answer for one in collected.answers]) + orjson.dumps(
        [one.config for one in collected.found]
    )
    # the address of a hook, the input of a target, the value of a secret, somebody's telephone
    assert [word for word in (b"secret-word", b"never-read", b"+49 30") if word in kept] == []


async def test_user_carries_what_says_how_it_signs_in_and_what_it_may(moto: Moto) -> None:
    collected, _ = await read(moto, "iam.list_users")

    user, key = the(collected, ResourceKind.AWS_IAM_USER), the(collected, ResourceKind.AWS_IAM_ACCESS_KEY)
    assert user.config["LoginProfile"]["UserName"] == "ops"
    assert [one["GroupName"] for one in user.config["Groups"]] == ["people"]
    assert [one["PolicyName"] for one in user.config["AttachedPolicies"]] == ["wild"]
    (inline,) = user.config["UserPolicyList"]
    assert (inline["PolicyName"], inline["PolicyDocument"]["Statement"][0]["Action"]) == ("all", "*")
    assert (key.tags, key.config["Status"]) == ({"team": "platform"}, "Active")


async def test_policy_that_gives_everything_names_who_holds_it(moto: Moto) -> None:
    collected, _ = await read(moto, "iam.get_account_authorization_details")

    policy = the(collected, ResourceKind.AWS_IAM_POLICY)
    assert [one["UserName"] for one in policy.config["PolicyUsers"]] == ["ops"]
    assert [one["RoleName"] for one in policy.config["PolicyRoles"]] == ["open"]
    role = next(one for one in collected.of(ResourceKind.AWS_IAM_ROLE) if one.name == "open")
    assert role.config["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"AWS": "*"}


async def test_account_says_how_it_is_kept(moto: Moto) -> None:
    collected, gaps = await read(moto, "iam.get_account_summary")

    config = the(collected, ResourceKind.AWS_ACCOUNT).config
    assert gaps == ()
    assert config["SummaryMap"]["AccountMFAEnabled"] == 0
    assert config["PasswordPolicy"]["MinimumPasswordLength"] == 14
    assert len(config["OpenIDConnectProviderList"]) == 1
    assert config["Regions"] == [{"RegionName": REGION, "RegionOptStatus": "ENABLED_BY_DEFAULT"}]
    assert config["ShieldSubscription"]["AutoRenew"] == "ENABLED"


async def test_report_on_credentials_is_waited_for_and_told_user_by_user(moto: Moto) -> None:
    collected, gaps = await read(moto, "iam.get_credential_report")

    rows = {one.name: one for one in collected.of(ResourceKind.AWS_IAM_CREDENTIALS)}
    assert gaps == ()
    assert set(rows) == {"<root_account>", "ops"}
    row = rows["ops"]
    assert (row.name, row.config["password_enabled"], row.config["mfa_active"]) == ("ops", True, True)
    assert row.config["GeneratedTime"]


async def test_report_that_is_never_ready_is_a_gap(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PREPARING_TRIES", 3)
    moto.say("iam.GenerateCredentialReport", {"State": "INPROGRESS"})
    before = moto.asked.count("iam.GenerateCredentialReport")

    collected, (gap,) = await read(moto, "iam.get_credential_report")

    assert (gap.cause, gap.unlisted) == (GapCause.UNAVAILABLE, (ResourceKind.AWS_IAM_CREDENTIALS,))
    assert moto.asked.count("iam.GenerateCredentialReport") - before == 3
    assert collected.found == []


async def test_trail_over_many_regions_is_told_once_also_outside_its_region(moto: Moto) -> None:
    collected, gaps = await read(moto, "cloudtrail.describe_trails", regions=("eu-west-1", "us-west-2"))

    trail = the(collected, ResourceKind.AWS_CLOUDTRAIL_TRAIL)
    assert gaps == ()
    assert (trail.name, trail.region, trail.config["IsLogging"]) == ("everywhere", REGION, True)


async def test_monitor_carries_who_hears_of_it(moto: Moto) -> None:
    collected, _ = await read(moto, "ce.get_anomaly_monitors")

    monitor = the(collected, ResourceKind.AWS_ANOMALY_MONITOR)
    assert monitor.native_id == MONITOR
    assert [one["SubscriptionName"] for one in monitor.config["AnomalySubscriptions"]] == ["ops"]


async def test_recommendations_say_what_they_would_save(moto: Moto) -> None:
    names = [
        name
        for name in aws_governance.PEERS
        if name.startswith(("ce.", "compute-optimizer.", "cost-optimization-hub."))
    ]
    collected, _ = await read(moto, *names)

    savings = {
        one.native_id.partition("/")[0]: one.config["EstimatedMonthlySaving"]
        for one in collected.of(ResourceKind.AWS_RECOMMENDATION)
    }
    dollars = {name: saved and saved["Amount"] for name, saved in savings.items()}
    assert dollars["cost-optimization-hub"] == "8.25"
    assert dollars["ce.savings-plan"] == "181.44"
    assert dollars["compute-optimizer.get_ec2_instance_recommendations"] == "12.5"
    # a group without an option has nothing to save
    assert dollars["compute-optimizer.get_auto_scaling_group_recommendations"] is None


async def test_machine_that_is_well_as_it_is_gets_no_advice(moto: Moto) -> None:
    collected, _ = await read(moto, "compute-optimizer.get_ec2_instance_recommendations")

    assert [one.config["finding"] for one in collected.of(ResourceKind.AWS_RECOMMENDATION)] == ["Overprovisioned"]


async def test_offers_are_looked_for_where_the_reservation_would_be(moto: Moto) -> None:
    collected, _ = await read(moto, "ce.get_reservation_purchase_recommendation")

    asked = {one.operation: (one.region, one.arguments) for one in collected.answers if "offerings" in one.operation}
    region, arguments = asked["rds.describe_reserved_db_instances_offerings"]
    assert region == REGION
    assert (arguments["MultiAZ"], arguments["ProductDescription"]) == (True, "postgresql")
    _, arguments = asked["ec2.describe_reserved_instances_offerings"]
    assert (arguments["InstanceType"], arguments["ProductDescription"]) == ("m5.large", "Linux/UNIX")


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
async def test_missing_permission_is_a_gap_that_names_it(moto: Moto, operation: str) -> None:
    moto.deny(as_sent(operation))

    collected, gaps = await read(moto, operation)

    missing = {(gap.operation, gap.cause, gap.missing) for gap in gaps}
    assert missing == {(operation, GapCause.PERMISSION, ", ".join(OPERATIONS[operation].permissions))}
    assert operation not in {one.operation for one in collected.answers}


@pytest.mark.parametrize("operation", THROTTLED)
async def test_throttled_call_is_a_gap_and_nothing_is_taken_for_absent(moto: Moto, operation: str) -> None:
    moto.fail(as_sent(operation), 400, "ThrottlingException")

    _, gaps = await read(moto, operation)

    assert {(gap.operation, gap.cause) for gap in gaps} == {(operation, GapCause.THROTTLED)}


def listed_with(operation: Operation) -> frozenset[ResourceKind]:
    return frozenset(kind for one in of(operation.name) for kind in one.kinds)


@pytest.mark.parametrize(
    ("operation", "status", "code", "message"),
    [
        ("macie2.get_macie_session", 403, "AccessDeniedException", "Macie is not enabled."),
        ("ce.get_cost_and_usage", 400, "AccessDeniedException", "User not enabled for cost explorer access"),
        (
            "organizations.list_accounts",
            400,
            "AccessDeniedException",
            "You don't have permissions to access this resource.",
        ),
    ],
)
async def test_what_is_not_switched_on_is_named_though_the_code_is_that_of_a_permission(
    moto: Moto, operation: str, status: int, code: str, message: str
) -> None:
    moto.fail(as_sent(operation), status, code, message)

    collected, (gap,) = await read(moto, operation)

    assert (gap.cause, gap.missing) == (GapCause.PLAN, OPERATIONS[operation].plan)
    assert set(gap.unlisted) == listed_with(OPERATIONS[operation])
    assert collected.found == []


async def test_compute_optimizer_without_enrolment_is_one_gap_for_the_account(moto: Moto) -> None:
    names = [name for name in aws_governance.PEERS if name.startswith("compute-optimizer.")]
    moto.say("compute-optimizer.GetEnrollmentStatus", NOT_ENROLLED)
    for name in set(names) - {"compute-optimizer.get_enrollment_status"}:
        moto.fail(as_sent(name), 400, "OptInRequiredException")

    collected, (gap,) = await read(moto, *names)

    assert (gap.cause, gap.missing) == (GapCause.PLAN, "Compute Optimizer, opted in to")
    assert gap.hides(ResourceKind.AWS_RECOMMENDATION, REGION)
    assert collected.found == []


async def test_hub_without_enrolment_is_not_asked_for_recommendations(moto: Moto) -> None:
    moto.say("cost-optimization-hub.ListEnrollmentStatuses", {"items": [{"accountId": ACCOUNT, "status": "Inactive"}]})

    collected, (gap,) = await read(moto, "cost-optimization-hub.list_recommendations")

    assert (gap.cause, gap.unlisted) == (GapCause.PLAN, (ResourceKind.AWS_RECOMMENDATION,))
    assert [one.operation for one in collected.answers] == ["cost-optimization-hub.list_enrollment_statuses"]


@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        ("securityhub.describe_hub", "InvalidAccessException", "Account 1 is not subscribed to AWS Security Hub"),
        ("organizations.list_accounts", "AWSOrganizationsNotInUseException", "Your account is not a member"),
        ("ce.get_savings_plans_utilization", "DataUnavailableException", "Data is not available"),
    ],
)
async def test_what_is_not_there_is_a_fact_and_no_gap(moto: Moto, operation: str, code: str, message: str) -> None:
    moto.fail(as_sent(operation), 400, code, message)

    collected, report = await survey(registration.REGISTRATION, credentials(moto.url), of(operation))

    assert report.gaps == ()
    assert collected.found == []
    assert {kind for kind, _ in report.complete} == listed_with(OPERATIONS[operation])


@pytest.mark.parametrize(
    ("operation", "key", "code"),
    [
        ("iam.get_account_password_policy", "PasswordPolicy", "NoSuchEntity"),
        ("shield.describe_subscription", "ShieldSubscription", "ResourceNotFoundException"),
    ],
)
async def test_what_the_account_has_not_set_is_none(moto: Moto, operation: str, key: str, code: str) -> None:
    moto.fail(as_sent(operation), 404, code)

    collected, gaps = await read(moto, operation)

    assert gaps == ()
    assert the(collected, ResourceKind.AWS_ACCOUNT).config[key] is None


async def test_detail_that_could_not_be_read_leaves_no_key(moto: Moto) -> None:
    moto.fail("iam.GetUserPolicy", 403, "AccessDenied")
    moto.fail("kms.GetKeyRotationStatus", 400, "AccessDeniedException")

    collected, _ = await read(moto, "iam.list_users", "kms.list_keys")

    assert "UserPolicyList" not in the(collected, ResourceKind.AWS_IAM_USER).config
    key = the(collected, ResourceKind.AWS_KMS_KEY)
    assert key.config["KeyState"] == "Enabled"
    assert "KeyRotationEnabled" not in key.config


async def test_user_that_goes_while_it_is_read_is_left_out(moto: Moto) -> None:
    moto.fail("iam.ListMFADevices", 404, "NoSuchEntity")

    collected, gaps = await read(moto, "iam.list_users")

    assert gaps == ()
    assert collected.of(ResourceKind.AWS_IAM_USER) == []


async def test_calls_that_cost_are_marked_to_be_made_as_seldom_as_costs_are_read() -> None:
    marked = {name for name, one in OPERATIONS.items() if one.options.get("cadence") == "cost"}

    assert {name for name in OPERATIONS if name.startswith("ce.")} <= marked


async def test_account_without_queues_and_budgets_has_none(moto: Moto) -> None:
    moto.say("sqs.ListQueues", {})
    moto.say("budgets.DescribeBudgets", {})

    collected, gaps = await read(moto, "sqs.list_queues", "budgets.describe_budgets")

    assert gaps == ()
    assert collected.found == []
