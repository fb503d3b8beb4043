"""Faults of logs, tables, functions, warehouses, file systems, images and clusters."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

from tests.factories.fault import Fault
from tests.fakes.aws import ACCOUNT, REGION, Moto

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service"
ADVICE = "compute-optimizer.GetLambdaFunctionRecommendations"
# What moto moves with every change of a function, as AWS does.
MOVING = ("RevisionId", "LastModified", "CodeSha256")


def measured(moto: Moto, namespace: str, metric: str, value: float, days: int, **dimensions: str) -> None:
    """One value at noon of each of the last whole days."""
    named = [{"Name": name, "Value": one} for name, one in dimensions.items()]
    moto.client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": metric, "Dimensions": named, "Value": value, "Timestamp": moto.now - timedelta(days=number)}
            for number in range(1, days + 1)
        ],
    )


def endless_logs(moto: Moto) -> str:
    logs = moto.client("logs")
    logs.create_log_group(logGroupName="/shop/web")
    return str(logs.describe_log_groups()["logGroups"][0]["arn"])


def is_endless_again(moto: Moto, _: dict[str, Any]) -> bool:
    return "retentionInDays" not in moto.client("logs").describe_log_groups()["logGroups"][0]


def quiet_table(moto: Moto) -> str:
    """Read and written once a day, with an index of its own capacity."""
    key = [{"AttributeName": "id", "KeyType": "HASH"}]
    units = {"ReadCapacityUnits": 20, "WriteCapacityUnits": 10}
    index = {"IndexName": "by-id", "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}
    made = moto.client("dynamodb").create_table(
        TableName="orders",
        KeySchema=key,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput=units,
        GlobalSecondaryIndexes=[{**index, "ProvisionedThroughput": units}],
        Tags=[{"Key": "environment", "Value": "production"}],
    )
    for metric in ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"):
        measured(moto, "AWS/DynamoDB", metric, 1, 14, TableName="orders")
    return str(made["TableDescription"]["TableArn"])


def provisioned(state: dict[str, Any]) -> Any:
    """How often capacity was lowered on this day is counted, and moto forgets the count with each change."""
    counted = {key: value for key, value in state["config"].items() if key != "ProvisionedThroughput"}
    units = state["config"]["ProvisionedThroughput"]
    return {**counted, "units": [units["ReadCapacityUnits"], units["WriteCapacityUnits"]]}


def large_function(moto: Moto) -> str:
    """With the advice that half its memory is enough, which moto itself does not give."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("handler.py", "def run(event, context): ...")
    # The role is not looked at until the function is called.
    moto.client("iam").create_role(RoleName="service", AssumeRolePolicyDocument="{}")
    made = moto.client("lambda").create_function(
        FunctionName="resize",
        Runtime="python3.12",
        Role=ROLE,
        Handler="handler.run",
        Code={"ZipFile": content.getvalue()},
        MemorySize=1024,
        Tags={"team": "shop"},
    )
    advice = {
        "functionArn": made["FunctionArn"],
        "functionVersion": "$LATEST",
        "currentMemorySize": 1024,
        "finding": "NotOptimized",
        "findingReasonCodes": ["MemoryOverprovisioned"],
        "memorySizeRecommendationOptions": [{"rank": 1, "memorySize": 512}],
    }
    moto.say(ADVICE, {"lambdaFunctionRecommendations": [advice]})
    return str(made["FunctionArn"])


def standing_function(state: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state["config"].items() if key not in MOVING}


def idle_warehouse(moto: Moto) -> str:
    moto.client("redshift").create_cluster(
        ClusterIdentifier="sales",
        NodeType="ra3.xlplus",
        MasterUsername="owner",
        MasterUserPassword="Not-a-secret-1",
    )
    measured(moto, "AWS/Redshift", "DatabaseConnections", 0, 7, ClusterIdentifier="sales")
    return f"arn:aws:redshift:{REGION}:{ACCOUNT}:cluster:sales"


def untiered_files(moto: Moto) -> str:
    return str(moto.client("efs").create_file_system(CreationToken="home", Encrypted=True)["FileSystemId"])


def repository(moto: Moto) -> str:
    """With an image that has no tag."""
    ecr = moto.client("ecr")
    made = ecr.create_repository(repositoryName="shop/web", imageScanningConfiguration={"scanOnPush": False})
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {"digest": "sha256:" + "0" * 64, "size": 7},
        "layers": [],
    }
    ecr.put_image(repositoryName="shop/web", imageManifest=json.dumps(manifest), imageDigest="sha256:" + "1" * 64)
    return str(made["repository"]["repositoryArn"])


def has_no_policy_again(moto: Moto, _: dict[str, Any]) -> bool:
    ecr = moto.client("ecr")
    try:
        ecr.get_lifecycle_policy(repositoryName="shop/web")
    except ecr.exceptions.LifecyclePolicyNotFoundException:
        return True
    return False


def open_cluster(moto: Moto) -> str:
    network = {"endpointPublicAccess": True, "endpointPrivateAccess": False, "publicAccessCidrs": ["0.0.0.0/0"]}
    made = moto.client("eks").create_cluster(name="shop", roleArn=ROLE, resourcesVpcConfig=network)
    return str(made["cluster"]["arn"])


def endpoint(state: dict[str, Any]) -> Any:
    """The rest of the network moto forgets with each change, and it keeps the token of the last one."""
    network = state["config"]["resourcesVpcConfig"]
    return {name: network[name] for name in ("endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs")}


def without_size(state: dict[str, Any]) -> Any:
    """moto measures at the moment it is asked."""
    return {key: value for key, value in state["config"].items() if key != "SizeInBytes"}


FAULTS = [
    Fault(rule_id="aws-logs-no-retention", make=endless_logs, is_back=is_endless_again),
    Fault(rule_id="aws-dynamodb-on-demand", make=quiet_table, compared=provisioned),
    Fault(rule_id="aws-dynamodb-pitr", make=quiet_table),
    Fault(rule_id="aws-lambda-rightsize", make=large_function, compared=standing_function),
    Fault(rule_id="aws-redshift-idle", make=idle_warehouse),
    Fault(rule_id="aws-efs-lifecycle", make=untiered_files, compared=without_size),
    Fault(rule_id="aws-ecr-lifecycle", make=repository, is_back=has_no_policy_again),
    Fault(rule_id="aws-ecr-scan-on-push", make=repository),
    Fault(
        rule_id="aws-eks-public-endpoint",
        make=open_cluster,
        parameters={"allowed_cidrs": ("203.0.113.0/24",)},
        compared=endpoint,
    ),
]
