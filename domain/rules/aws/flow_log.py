"""Networks whose traffic leaves no trace."""

from typing import Any

from domain.facts.aws_partition import partition_of
from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Look, Step, answer
from domain.rules.aws_log_bucket import FLOW_LOGS, TAKES_TAG, log_bucket
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet


def is_unrecorded(vpc: Resource, context: RuleContext) -> Observation | None:
    """Fires on a VPC without an active flow log of its own."""
    if "VpcId" not in vpc.config or not context.is_listed(ResourceKind.AWS_FLOW_LOG, vpc.region):
        return None
    if any(one.config.get("ResourceId") == vpc.native_id for one in _active(context)):
        return None
    return Observation(
        reason=f"No flow log records the traffic of {vpc.native_id}: who came and was refused leaves no trace.",
        observed={"active_flow_logs": []},
    )


def record(vpc: Resource, context: RuleContext) -> tuple[Step, ...]:
    """A flow log of what is refused, into the bucket that takes such logs."""
    destination = _destination(vpc.region, context)
    if destination is None:
        raise NoPlan(
            f"No bucket is known that takes flow logs: give one in {vpc.region} the tag {TAKES_TAG} = {FLOW_LOGS}."
        )
    made = answer("create", "FlowLogIds.0")
    back = Step(
        name="delete",
        says="Delete that flow log.",
        call=Call(operation="ec2.delete_flow_logs", region=vpc.region, arguments={"FlowLogIds": [made]}),
        gone=("InvalidFlowLogId.NotFound",),
    )
    step = Step(
        name="create",
        says=f"Record the refused traffic of {vpc.native_id} in {destination}.",
        call=Call(
            operation="ec2.create_flow_logs",
            region=vpc.region,
            arguments={
                "ResourceIds": [vpc.native_id],
                "ResourceType": "VPC",
                "TrafficType": "REJECT",
                "LogDestinationType": "s3",
                "LogDestination": destination,
                "ClientToken": TOKEN,
            },
        ),
        # The call says "done" even where it made nothing; then there is no id to look for, and the step fails.
        wait=Look(
            call=Call(operation="ec2.describe_flow_logs", region=vpc.region, arguments={"FlowLogIds": [made]}),
            path="FlowLogs.0.FlowLogStatus",
            ready=("ACTIVE",),
        ),
        undo=(back,),
    )
    return (step,)


def _destination(region: str | None, context: RuleContext) -> str | None:
    """The bucket that is tagged for it, else where the region's other flow logs go: its policy allows no others."""
    bucket = log_bucket(context, region, FLOW_LOGS)
    if bucket is not None:
        return f"arn:{partition_of(region or '')}:s3:::{bucket}"
    to_s3 = [one for one in _active(context) if one.config.get("LogDestinationType") == "s3" and one.region == region]
    return next((one.config["LogDestination"] for one in to_s3 if one.config.get("LogDestination")), None)


def _active(context: RuleContext) -> list[Resource]:
    return [one for one in context.every(ResourceKind.AWS_FLOW_LOG) if one.config.get("FlowLogStatus") == "ACTIVE"]


def _vpc(native_id: str = "vpc-1") -> Resource:
    return Resource(
        kind=ResourceKind.AWS_VPC, native_id=native_id, name="main", region="us-east-1", config={"VpcId": native_id}
    )


def _log(resource_id: str, status: str = "ACTIVE", **config: Any) -> Resource:
    plain = {"ResourceId": resource_id, "FlowLogStatus": status, "LogDestinationType": "cloud-watch-logs"}
    return Resource(
        kind=ResourceKind.AWS_FLOW_LOG,
        native_id="fl-1",
        name="fl-1",
        region="us-east-1",
        config={**plain, **config},
    )


def _bucket() -> Resource:
    return Resource(
        kind=ResourceKind.AWS_S3_BUCKET,
        native_id="logs",
        name="logs",
        region="us-east-1",
        tags={TAKES_TAG: f"access-logs {FLOW_LOGS}"},
    )


UNRECORDED = Rule(
    id="aws-vpc-flow-logs",
    title="Traffic of a VPC is not recorded",
    description="Flow logs show who talked to whom. Without them an intrusion cannot be told from an attempt.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_VPC,
    permissions=("ec2:DescribeFlowLogs", "ec2:DescribeVpcs"),
    source="CIS AWS Foundations Benchmark 3.7; AWS Security Hub EC2.6; EC2 DescribeFlowLogs",
    blind_spots="Flow logs of single subnets and interfaces do not count, and what an active log leaves out or fails "
    "to deliver is not judged. The bucket's policy is not read: AWS adds what it needs where it may.",
    needs=("VpcId",),
    also_reads=(ResourceKind.AWS_FLOW_LOG, ResourceKind.AWS_S3_BUCKET),
    check=is_unrecorded,
    group="logging",
    remedy=Remedy(
        says="Records what the network refuses, in the bucket tagged for it or where other flow logs of the region go.",
        plan=record,
        reversible=Reversible.YES,
        permissions=(
            "ec2:CreateFlowLogs",
            "ec2:DeleteFlowLogs",
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "s3:GetBucketPolicy",
            "s3:PutBucketPolicy",
        ),
    ),
    examples=(
        fires(_vpc()),
        fires(_vpc(), _bucket()),
        fires(_vpc(), _log("vpc-2", LogDestinationType="s3", LogDestination="arn:aws:s3:::flows/vpc/")),
        fires(_vpc(), _log("vpc-1", "INACTIVE")),
        quiet(_vpc(), _log("vpc-1")),
        quiet(_vpc(), is_listed=lambda kind, _: kind is not ResourceKind.AWS_FLOW_LOG),
    ),
)
