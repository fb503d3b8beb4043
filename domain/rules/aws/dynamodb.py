"""DynamoDB tables that are dearer than they need to be, or could not be brought back as they were."""

from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.aws_platform_price import AWS_DYNAMODB_READS, AWS_DYNAMODB_WRITES
from domain.rules.aws_series import daily, last_days
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

# About half of the 28.9 % at which both modes cost the same, as a unit that is kept for an hour at
# 0.00013 USD could serve 3600 reads at 0.125 USD a million. Source: Amazon DynamoDB pricing.
QUIET_RATIO = Decimal("0.15")
DAY_SECONDS = 86_400
MONTH_DAYS = Decimal("30.4167")
MILLION = Decimal(1_000_000)
READS, WRITES = "ConsumedReadCapacityUnits.Sum", "ConsumedWriteCapacityUnits.Sum"
PRODUCTION = ("production", "prod")


def is_quiet(table: Resource, context: RuleContext) -> Observation | None:
    """Fires when reads and writes both stay far below what is provisioned for the table itself."""
    provisioned = table.config.get("ProvisionedThroughput") or {}
    read, written = (provisioned.get(name) or 0 for name in ("ReadCapacityUnits", "WriteCapacityUnits"))
    if not _is_provisioned(table) or not read or not written:
        return None
    days = context.parameters["lookback_days"]
    reads, writes = last_days(table, READS, days), last_days(table, WRITES, days)
    if reads is None or writes is None:
        return None
    share_read, share_written = _share(reads, read), _share(writes, written)
    if max(share_read, share_written) >= QUIET_RATIO:
        return None
    saving, formula = _saving(table, context, reads, writes) or (None, None)
    return Observation(
        reason=f"Table {table.name} used {share_read:.1%} of its reads and {share_written:.1%} of its writes in "
        f"{days} days, and pays for all of them.",
        observed={"ProvisionedThroughput": {"read": read, "write": written}, "read_ratio": float(share_read)}
        | {"write_ratio": float(share_written)},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def _is_provisioned(table: Resource) -> bool:
    """A table that was always provisioned has no summary. Source: DynamoDB API reference, BillingModeSummary."""
    summary = table.config.get("BillingModeSummary") or {}
    return "ProvisionedThroughput" in table.config and summary.get("BillingMode", "PROVISIONED") == "PROVISIONED"


def _share(sums: list[float], provisioned: int) -> Decimal:
    return Decimal(str(sum(sums))) / (Decimal(provisioned) * DAY_SECONDS * len(sums))


def _saving(table: Resource, context: RuleContext, reads: list[float], writes: list[float]) -> tuple[Money, str] | None:
    billed = context.billed_usd(table.native_id)
    if billed is None:
        return None
    read, written = (Decimal(str(sum(one))) / len(one) * MONTH_DAYS / MILLION for one in (reads, writes))
    wanted = read * AWS_DYNAMODB_READS.usd + written * AWS_DYNAMODB_WRITES.usd
    formula = (
        f"{usd(billed).amount} USD - {read:.3f} million reads * {AWS_DYNAMODB_READS.usd}"
        f" - {written:.3f} million writes * {AWS_DYNAMODB_WRITES.usd}"
    )
    return usd(billed - wanted), formula


def pay_by_request(table: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Another billing mode for the table and its indexes; back with the capacity each of them has now."""
    if table.config.get("Replicas"):
        raise NoPlan(f"{table.name} has replicas in other regions, whose capacity could not be given back.")
    name = {"TableName": table.config["TableName"]}
    indexes = [
        {"Update": {"IndexName": one["IndexName"], "ProvisionedThroughput": _units(one["ProvisionedThroughput"])}}
        for one in table.config.get("GlobalSecondaryIndexes") or []
    ]
    back = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": _units(table.config["ProvisionedThroughput"])}
    return (
        Step(
            name="on-demand",
            says=f"Let {table.name} and its indexes be paid for by request.",
            call=_update(table, {**name, "BillingMode": "PAY_PER_REQUEST"}),
            wait=_active(table),
            undo=(
                Step(
                    name="provision",
                    says=f"Provision for {table.name} and its indexes what they have now.",
                    call=_update(
                        table, {**name, **back, **({"GlobalSecondaryIndexUpdates": indexes} if indexes else {})}
                    ),
                    wait=_active(table),
                ),
            ),
        ),
    )


def _update(table: Resource, arguments: dict[str, Any]) -> Call:
    return Call(operation="dynamodb.update_table", region=table.region, arguments=arguments)


def _units(throughput: dict[str, Any]) -> dict[str, int]:
    return {name: throughput[name] for name in ("ReadCapacityUnits", "WriteCapacityUnits")}


def _active(table: Resource) -> Look:
    return Look(
        call=Call(
            operation="dynamodb.describe_table",
            region=table.region,
            arguments={"TableName": table.config["TableName"]},
        ),
        path="Table.TableStatus",
        ready=("ACTIVE",),
    )


def lacks_recovery(table: Resource, _: RuleContext) -> Observation | None:
    """Fires on a table of production that can only be brought back from a backup."""
    description = table.config.get("ContinuousBackupsDescription") or {}
    recovery = description.get("PointInTimeRecoveryDescription") or {}
    environment = next((value for key, value in table.tags.items() if key.lower() == "environment"), "")
    if recovery.get("PointInTimeRecoveryStatus") != "DISABLED" or environment.lower() not in PRODUCTION:
        return None
    return Observation(
        reason=f"Table {table.name} serves production and cannot be restored to a moment of the last days.",
        observed={"PointInTimeRecoveryStatus": "DISABLED", "environment": environment},
    )


def keep_history(table: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One setting, taken back by switching it off."""
    if table.config.get("TableStatus") == "DELETING":
        raise NoPlan(f"Table {table.name} is about to be deleted.")
    back = Step(
        name="off",
        says=f"Switch point-in-time recovery off for {table.name}.",
        call=_recovery(table, is_on=False),
    )
    return (
        Step(
            name="on",
            says=f"Switch point-in-time recovery on for {table.name}, which is billed by the size of the table.",
            call=_recovery(table, is_on=True),
            undo=(back,),
        ),
    )


def _recovery(table: Resource, *, is_on: bool) -> Call:
    return Call(
        operation="dynamodb.update_continuous_backups",
        region=table.region,
        arguments={
            "TableName": table.config["TableName"],
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": is_on},
        },
    )


def _table(reads: float = 0, writes: float = 0, environment: str = "production", **config: Any) -> Resource:
    """A table of 100 reads and 50 writes for the examples, with the reads and writes of each of its days."""
    plain = {
        "TableName": "orders",
        "TableStatus": "ACTIVE",
        "ProvisionedThroughput": {"ReadCapacityUnits": 100, "WriteCapacityUnits": 50},
        "Metrics": {READS: daily(reads), WRITES: daily(writes)},
    }
    return Resource(
        kind=ResourceKind.AWS_DYNAMODB_TABLE,
        native_id="arn:aws:dynamodb:us-east-1:123456789012:table/orders",
        name="orders",
        region="us-east-1",
        tags={"environment": environment},
        config={**plain, **config},
    )


def _recovery_is(status: str) -> dict[str, Any]:
    return {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status}}


BILLED = {"arn:aws:dynamodb:us-east-1:123456789012:table/orders": Money(amount=Decimal("33.22"), currency="USD")}
INDEX = {"IndexName": "by-day", "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}

ON_DEMAND = Rule(
    id="aws-dynamodb-on-demand",
    title="Table pays for capacity it hardly uses",
    description="Provisioned capacity is paid for used or not. A quiet table is cheaper when each request is paid for.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_DYNAMODB_TABLE,
    permissions=("cloudwatch:GetMetricData", "dynamodb:DescribeTable", "dynamodb:ListTables"),
    source="DynamoDB DescribeTable; CloudWatch metrics of DynamoDB; Amazon DynamoDB pricing",
    blind_spots="A day without a value is not taken as quiet, so that a table nobody reads or writes at all is not "
    "found. What indexes use is not read, and the bill counts storage too, which stays. Scaling policies on the table "
    "do nothing while it is on demand. DynamoDB changes the mode a few times a day only.",
    parameters=(
        Parameter(name="lookback_days", default=14, meaning="Days looked at, of the 14 read.", least=1, most=14),
    ),
    needs=("ProvisionedThroughput", "Metrics"),
    check=is_quiet,
    group="rightsizing",
    remedy=Remedy(
        says="Changes the billing mode of the table and its indexes.",
        plan=pay_by_request,
        reversible=Reversible.YES,
        permissions=("dynamodb:UpdateTable",),
    ),
    examples=(
        # A tenth is used: reads 864 000 * 30.4167 / 1e6 * 0.125 = 3.29, writes 432 000 * 30.4167 / 1e6 * 0.625 = 8.21,
        # so that 33.22 - 3.29 - 8.21 = 21.72 USD are saved.
        fires(_table(reads=864_000, writes=432_000), parameters={"lookback_days": 14}, bills=BILLED),
        fires(_table(reads=864_000, GlobalSecondaryIndexes=[INDEX]), parameters={"lookback_days": 14}),
        fires(_table(reads=864_000, Replicas=[{"RegionName": "eu-west-1"}]), parameters={"lookback_days": 14}),
        quiet(_table(reads=864_000, writes=2_000_000), parameters={"lookback_days": 14}),
        quiet(_table(Metrics={READS: daily(0), WRITES: {}}), parameters={"lookback_days": 14}),
        quiet(_table(BillingModeSummary={"BillingMode": "PAY_PER_REQUEST"}), parameters={"lookback_days": 14}),
    ),
)

POINT_IN_TIME = Rule(
    id="aws-dynamodb-pitr",
    title="Table of production has no point-in-time recovery",
    description="With it a table can be restored as it was at any second of up to 35 days, after a bad write too.",
    category=FindingCategory.SECOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_DYNAMODB_TABLE,
    permissions=("dynamodb:DescribeContinuousBackups", "dynamodb:ListTables"),
    source="AWS Security Hub DynamoDB.2; DynamoDB DescribeContinuousBackups",
    blind_spots="Only tables whose tag environment says production are looked at. Backups by AWS Backup do not count.",
    needs=("ContinuousBackupsDescription",),
    check=lacks_recovery,
    group="resilience",
    remedy=Remedy(
        says="Switches point-in-time recovery on.",
        plan=keep_history,
        reversible=Reversible.YES,
        permissions=("dynamodb:UpdateContinuousBackups",),
    ),
    examples=(
        fires(_table(ContinuousBackupsDescription=_recovery_is("DISABLED"))),
        fires(_table(ContinuousBackupsDescription=_recovery_is("DISABLED"), TableStatus="DELETING")),
        quiet(_table(ContinuousBackupsDescription=_recovery_is("DISABLED"), environment="test")),
        quiet(_table(ContinuousBackupsDescription=_recovery_is("ENABLED"))),
    ),
)
