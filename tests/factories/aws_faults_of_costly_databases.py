"""Faults of databases that cost too much, and of their snapshots."""

from typing import Any

from tests.factories.aws_measured import measured
from tests.factories.fault import Fault
from tests.fakes.aws import Moto


def database(moto: Moto, **given: Any) -> str:
    settings = {
        "DBInstanceIdentifier": "orders",
        "DBInstanceClass": "db.m6g.xlarge",
        "Engine": "postgres",
        "EngineVersion": "16.3",
        "MasterUsername": "root",
        "MasterUserPassword": "Stand-in-only-1",
        "AllocatedStorage": 100,
        "StorageType": "gp3",
        **given,
    }
    return str(moto.client("rds").create_db_instance(**settings)["DBInstance"]["DBInstanceArn"])


def lonely_database(moto: Moto) -> str:
    """Nobody connected for a week."""
    arn = database(moto)
    measured(moto, "AWS/RDS", {"DBInstanceIdentifier": "orders"}, {"DatabaseConnections": 0.0}, days=7)
    return arn


def large_database(moto: Moto) -> str:
    """moto has no Compute Optimizer, so what it recommends is said in its place."""
    arn = database(moto)
    saving = {"savingsOpportunityPercentage": 50.0, "estimatedMonthlySavings": {"currency": "USD", "value": 116.07}}
    advice = {
        "resourceArn": arn,
        "currentDBInstanceClass": "db.m6g.xlarge",
        "instanceFinding": "Overprovisioned",
        "instanceRecommendationOptions": [{"dbInstanceClass": "db.m6g.large", "rank": 1, "savingsOpportunity": saving}],
    }
    moto.say("compute-optimizer.GetRDSDatabaseRecommendations", {"rdsDBRecommendations": [advice]})
    return arn


def doubled_database(moto: Moto) -> str:
    return database(moto, MultiAZ=True, Tags=[{"Key": "environment", "Value": "staging"}])


def old_database(moto: Moto) -> str:
    """moto does not list versions, so what RDS offers is said in its place."""
    arn = database(moto, EngineVersion="12.19")
    version = {
        "Engine": "postgres",
        "EngineVersion": "12.19",
        "ValidUpgradeTarget": [
            {"Engine": "postgres", "EngineVersion": "12.22", "IsMajorVersionUpgrade": False},
            {"Engine": "postgres", "EngineVersion": "16.4", "IsMajorVersionUpgrade": True},
        ],
    }
    moto.say("rds.DescribeDBEngineVersions", {"DBEngineVersions": [version]})
    return arn


def copy_is_beside_it(moto: Moto, before: dict[str, Any]) -> bool:
    """A second database of the same kind."""
    found = moto.client("rds").describe_db_instances()["DBInstances"]
    return len(found) == 2 and {one["DBInstanceClass"] for one in found} == {before["config"]["DBInstanceClass"]}


def old_snapshot(moto: Moto) -> str:
    database(moto)
    made = moto.client("rds").create_db_snapshot(DBSnapshotIdentifier="orders-1", DBInstanceIdentifier="orders")
    return str(made["DBSnapshot"]["DBSnapshotArn"])


FAULTS = [
    Fault(rule_id="aws-rds-idle", make=lonely_database),
    Fault(rule_id="aws-rds-rightsize", make=large_database),
    Fault(rule_id="aws-rds-multi-az-nonprod", make=doubled_database),
    Fault(rule_id="aws-rds-gp2-to-gp3", make=lambda moto: database(moto, StorageType="gp2")),
    Fault(rule_id="aws-rds-extended-support", make=old_database, is_back=copy_is_beside_it),
    Fault(rule_id="aws-rds-snapshot-old", make=old_snapshot),
]
