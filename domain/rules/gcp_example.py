"""Things of Google Cloud for the examples of rules, as the connector gives them. No rules here."""

from datetime import timedelta
from typing import Any

from domain.facts.resource import Resource, ResourceKind
from domain.rules.rule import EXAMPLE_NOW

PROJECT = "shop-1"
ZONE = "us-central1-a"
COMPUTE = f"//compute.googleapis.com/projects/{PROJECT}"
LINK = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}"


def compute(
    kind: ResourceKind, path: str, age_days: int = 400, tags: dict[str, str] | None = None, **config: Any
) -> Resource:
    """Something of Compute Engine; `path` is its place, collection and name."""
    name = path.rpartition("/")[2]
    return Resource(
        kind=kind,
        native_id=f"{COMPUTE}/{path}",
        name=name,
        tags=tags or {},
        created_at=EXAMPLE_NOW - timedelta(days=age_days),
        config={"name": name, "selfLink": f"{LINK}/{path}", **config},
    )


def instance(**config: Any) -> Resource:
    """A running machine of type n2-standard-4."""
    plain = {"status": "RUNNING", "machineType": f"{LINK}/zones/{ZONE}/machineTypes/n2-standard-4"}
    tags = config.pop("tags", None)
    return compute(ResourceKind.GCP_INSTANCE, f"zones/{ZONE}/instances/web", tags=tags, **{**plain, **config})


def recommendation(recommender: str, resource: str, **config: Any) -> Resource:
    """An open one that saves 30 USD in 30 days; `changes` are its operations on the resource of this full name."""
    changes = [{"resource": resource, **one} for one in config.pop("changes", ({"action": "test"},))]
    location = config.pop("location", ZONE)
    name = f"projects/{PROJECT}/locations/{location}/recommenders/{recommender}/recommendations/r-1"
    plain = {
        "name": name,
        "stateInfo": {"state": "ACTIVE"},
        "content": {"operationGroups": [{"operations": changes}]},
        "primaryImpact": {"costProjection": {"cost": {"currencyCode": "USD", "units": "-30"}, "duration": "2592000s"}},
        "etag": '"e-1"',
    }
    return Resource(
        kind=ResourceKind.GCP_RECOMMENDATION,
        native_id=f"//recommender.googleapis.com/{name}",
        name="Save cost by acting on it.",
        config={**plain, **config},
    )


def sql(**config: Any) -> Resource:
    """A running Cloud SQL instance that only a network of one address may reach, encrypted."""
    settings = {
        "activationPolicy": "ALWAYS",
        "tier": "db-custom-4-15360",
        "ipConfiguration": {"ipv4Enabled": True, "sslMode": "ENCRYPTED_ONLY", "authorizedNetworks": []},
    }
    given = config.pop("settings", {})
    return Resource(
        kind=ResourceKind.GCP_SQL_INSTANCE,
        native_id=f"//cloudsql.googleapis.com/projects/{PROJECT}/instances/orders",
        name="orders",
        config={"name": "orders", "state": "RUNNABLE", "settings": {**settings, **given}, **config},
    )


def bucket(**config: Any) -> Resource:
    """A bucket that nobody else reads, with uniform access."""
    plain = {
        "name": "shop-logs",
        "storageClass": "STANDARD",
        "iamConfiguration": {
            "publicAccessPrevention": "inherited",
            "uniformBucketLevelAccess": {"enabled": True},
        },
        "softDeletePolicy": {"retentionDurationSeconds": "604800"},
        "iam_policy": {
            "etag": "CAE=",
            "bindings": [{"role": "roles/storage.admin", "members": ["user:a@shop.example"]}],
        },
    }
    return Resource(
        kind=ResourceKind.GCP_BUCKET,
        native_id="//storage.googleapis.com/shop-logs",
        name="shop-logs",
        config={**plain, **config},
    )


def policy(**config: Any) -> Resource:
    """The policy of a project with an owner and a reader, and every log switched on."""
    everything = [{"logType": kind} for kind in ("ADMIN_READ", "DATA_READ", "DATA_WRITE")]
    plain = {
        "etag": "BwX=",
        "version": 3,
        "bindings": [
            {"role": "roles/owner", "members": ["user:a@shop.example"]},
            {"role": "roles/editor", "members": ["user:a@shop.example", "user:b@shop.example"]},
        ],
        "auditConfigs": [{"service": "allServices", "auditLogConfigs": everything}],
    }
    return Resource(
        kind=ResourceKind.GCP_IAM_POLICY,
        native_id=f"//cloudresourcemanager.googleapis.com/projects/{PROJECT}/iamPolicy",
        name="iamPolicy",
        config={**plain, **config},
    )


def project(**config: Any) -> Resource:
    """A project in use, with OS Login."""
    metadata = {"fingerprint": "f-1", "items": [{"key": "enable-oslogin", "value": "TRUE"}]}
    plain = {
        "name": "projects/123456",
        "projectId": PROJECT,
        "state": "ACTIVE",
        "compute": {"name": PROJECT, "commonInstanceMetadata": metadata},
    }
    return Resource(
        kind=ResourceKind.GCP_PROJECT,
        native_id=f"//cloudresourcemanager.googleapis.com/projects/{PROJECT}",
        name="Shop",
        config={**plain, **config},
    )
