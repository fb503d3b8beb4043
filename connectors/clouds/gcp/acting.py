"""The calls by which steps of plans change something in Google Cloud, and those that look how far that is.

`change` among the arguments of a step says what is changed in a value that must be sent whole; see `revising`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.clouds.gcp import calling, compute, data, identity, recommender, revising, running
from connectors.reading.listing import Operation

ZONE, REGION, GLOBAL = (f"{compute.PROJECT}/{scope}" for scope in ("zones/{zone}", "regions/{region}", "global"))
ACT_AS = "iam.serviceAccounts.actAs"
KEY = "{+name}"


def _with(operation: Operation, options: Mapping[str, Any]) -> Operation:
    return replace(operation, options={**operation.options, **options})


def _compute(name: str, request: str, *permissions: str) -> Operation:
    """A call that Compute Engine answers with an operation."""
    return _with(calling.call(f"compute.{name}", compute.HOST, request, *permissions), {"is_long": True})


def _look(name: str, request: str, *permissions: str) -> Operation:
    return calling.call(f"compute.{name}", compute.HOST, request, *permissions, is_one_page=True)


def _long(name: str, host: str, request: str, *permissions: str) -> Operation:
    """A call that is answered with an operation, or a look at one."""
    return _with(calling.call(name, host, request, *permissions), {"is_long": True})


def _revised(operation: Operation, read: str, revise: revising.Revise, **asks: Any) -> Operation:
    """With what is there read first, by this request."""
    reading = calling.call(f"{operation.name} (read)", operation.options["host"], read, *operation.permissions)
    return _with(operation, {"revision": revising.Revision(read=reading, revise=revise, asks=asks)})


OPERATIONS = (
    _compute("zoneOperations.get", f"GET {ZONE}/operations/{{operation}}", "compute.zoneOperations.get"),
    _compute("regionOperations.get", f"GET {REGION}/operations/{{operation}}", "compute.regionOperations.get"),
    _compute("globalOperations.get", f"GET {GLOBAL}/operations/{{operation}}", "compute.globalOperations.get"),
)
# By the place that a request names.
FOLLOWED = dict(zip((ZONE, REGION, GLOBAL), OPERATIONS, strict=True))


def _making(name: str, place: str, request: str, *permissions: str) -> Operation:
    """A call that makes something, which is followed for a while."""
    made = _compute(name, f"POST {place}/{request}", *permissions)
    look = FOLLOWED[place]
    return _with(replace(made, permissions=(*permissions, *look.permissions)), {"follows": look})


MACHINES = (
    _compute("instances.stop", f"POST {ZONE}/instances/{{instance}}/stop", "compute.instances.stop"),
    _compute("instances.start", f"POST {ZONE}/instances/{{instance}}/start", "compute.instances.start"),
    _compute(
        "instances.setMachineType",
        f"POST {ZONE}/instances/{{instance}}/setMachineType",
        "compute.instances.setMachineType",
    ),
    _compute(
        "instances.addResourcePolicies",
        f"POST {ZONE}/instances/{{instance}}/addResourcePolicies",
        "compute.instances.addResourcePolicies",
        "compute.resourcePolicies.use",
    ),
    _compute(
        "instances.removeResourcePolicies",
        f"POST {ZONE}/instances/{{instance}}/removeResourcePolicies",
        "compute.instances.removeResourcePolicies",
        "compute.resourcePolicies.use",
    ),
    _making("resourcePolicies.insert", REGION, "resourcePolicies", "compute.resourcePolicies.create"),
    _look("resourcePolicies.list", f"GET {REGION}/resourcePolicies", "compute.resourcePolicies.list"),
    _compute(
        "instanceGroupManagers.setInstanceTemplate",
        f"POST {ZONE}/instanceGroupManagers/{{instanceGroupManager}}/setInstanceTemplate",
        "compute.instanceGroupManagers.update",
        "compute.instanceTemplates.useReadOnly",
    ),
    _revised(
        _making(
            "instanceTemplates.insert",
            GLOBAL,
            "instanceTemplates",
            "compute.instanceTemplates.create",
            "compute.instanceTemplates.get",
            ACT_AS,
        ),
        f"GET {GLOBAL}/instanceTemplates/{{instanceTemplate}}",
        revising.template,
    ),
    _look("instanceTemplates.list", f"GET {GLOBAL}/instanceTemplates", "compute.instanceTemplates.list"),
    _making("regionCommitments.insert", REGION, "commitments", "compute.commitments.create"),
    _look("regionCommitments.list", f"GET {REGION}/commitments", "compute.commitments.list"),
)
DISKS = (
    _making(
        "disks.createSnapshot",
        ZONE,
        "disks/{disk}/createSnapshot",
        "compute.disks.createSnapshot",
        "compute.snapshots.create",
        "compute.snapshots.setLabels",
    ),
    _compute("disks.delete", f"DELETE {ZONE}/disks/{{disk}}", "compute.disks.delete"),
    _making(
        "disks.insert",
        ZONE,
        "disks",
        "compute.disks.create",
        "compute.disks.setLabels",
        "compute.snapshots.useReadOnly",
    ),
    _look("disks.list", f"GET {ZONE}/disks", "compute.disks.list"),
    _look("snapshots.list", f"GET {GLOBAL}/snapshots", "compute.snapshots.list"),
    _compute("snapshots.delete", f"DELETE {GLOBAL}/snapshots/{{snapshot}}", "compute.snapshots.delete"),
    _compute("images.deprecate", f"POST {GLOBAL}/images/{{image}}/deprecate", "compute.images.deprecate"),
)
NETWORK = (
    _compute("addresses.delete", f"DELETE {REGION}/addresses/{{address}}", "compute.addresses.delete"),
    _compute("globalAddresses.delete", f"DELETE {GLOBAL}/addresses/{{address}}", "compute.globalAddresses.delete"),
    _compute(
        "firewalls.patch",
        f"PATCH {GLOBAL}/firewalls/{{firewall}}",
        "compute.firewalls.update",
        "compute.networks.updatePolicy",
    ),
    _revised(
        _compute(
            "projects.setCommonInstanceMetadata",
            f"POST {compute.PROJECT}/setCommonInstanceMetadata",
            "compute.projects.setCommonInstanceMetadata",
            "compute.projects.get",
            ACT_AS,
        ),
        f"GET {compute.PROJECT}",
        revising.metadata,
    ),
)
SQL = (
    _long(
        "sql.instances.patch",
        data.SQL,
        "PATCH /v1/projects/{project}/instances/{instance}",
        "cloudsql.instances.get",
        "cloudsql.instances.update",
    ),
    _long(
        "sql.operations.get", data.SQL, "GET /v1/projects/{project}/operations/{operation}", "cloudsql.instances.get"
    ),
)
RUNNING = (
    _revised(
        _long(
            "run.projects.locations.services.patch",
            running.RUN,
            f"PATCH /v2/{KEY}?updateMask=template",
            "run.services.get",
            "run.services.update",
            ACT_AS,
        ),
        f"GET /v2/{KEY}",
        revising.processor,
    ),
    _long("run.projects.locations.operations.get", running.RUN, f"GET /v2/{KEY}", "run.operations.get"),
    _long(
        "container.projects.locations.clusters.nodePools.setSize",
        running.CONTAINER,
        "POST /v1/projects/{project}/locations/{location}/clusters/{cluster}/nodePools/{nodePool}:setSize",
        "container.clusters.update",
    ),
    _long(
        "container.projects.locations.operations.get",
        running.CONTAINER,
        "GET /v1/projects/{project}/locations/{location}/operations/{operation}",
        "container.operations.get",
    ),
)
PROJECT = (
    _long(
        "cloudresourcemanager.projects.delete",
        identity.MANAGER,
        "DELETE /v3/projects/{project}",
        "resourcemanager.projects.delete",
    ),
    _long(
        "cloudresourcemanager.projects.undelete",
        identity.MANAGER,
        "POST /v3/projects/{project}:undelete",
        "resourcemanager.projects.undelete",
    ),
    calling.call(
        "cloudresourcemanager.projects.get",
        identity.MANAGER,
        "GET /v3/projects/{project}",
        "resourcemanager.projects.get",
    ),
    _revised(
        calling.call(
            "cloudresourcemanager.projects.setIamPolicy",
            identity.MANAGER,
            "POST /v3/projects/{project}:setIamPolicy",
            "resourcemanager.projects.getIamPolicy",
            "resourcemanager.projects.setIamPolicy",
        ),
        "POST /v3/projects/{project}:getIamPolicy",
        revising.project_policy,
        options={"requestedPolicyVersion": revising.POLICY_VERSION},
    ),
    calling.call(
        "recommender.projects.locations.recommenders.recommendations.get",
        recommender.HOST,
        f"GET /v1/{KEY}",
        "recommender.iamPolicyRecommendations.get",
    ),
    calling.call(
        "recommender.projects.locations.recommenders.recommendations.markSucceeded",
        recommender.HOST,
        f"POST /v1/{KEY}:markSucceeded",
        "recommender.iamPolicyRecommendations.update",
    ),
    _with(
        calling.call(
            "iam.projects.serviceAccounts.keys.disable",
            identity.IAM,
            f"POST /v1/{KEY}:disable",
            "iam.serviceAccountKeys.disable",
        ),
        {"spares_own_key": True},
    ),
    calling.call(
        "iam.projects.serviceAccounts.keys.enable",
        identity.IAM,
        f"POST /v1/{KEY}:enable",
        "iam.serviceAccountKeys.enable",
    ),
)
DATA = (
    calling.call(
        "storage.buckets.patch",
        data.STORAGE,
        "PATCH /storage/v1/b/{bucket}",
        "storage.buckets.get",
        "storage.buckets.update",
    ),
    _revised(
        calling.call(
            "storage.buckets.setIamPolicy",
            data.STORAGE,
            "PUT /storage/v1/b/{bucket}/iam",
            "storage.buckets.getIamPolicy",
            "storage.buckets.setIamPolicy",
        ),
        f"GET /storage/v1/b/{{bucket}}/iam?optionsRequestedPolicyVersion={revising.POLICY_VERSION}",
        revising.policy,
    ),
    _revised(
        calling.call(
            "cloudkms.projects.locations.keyRings.cryptoKeys.patch",
            data.KMS,
            f"PATCH /v1/{KEY}?updateMask=rotationPeriod,nextRotationTime",
            "cloudkms.cryptoKeys.get",
            "cloudkms.cryptoKeys.update",
        ),
        f"GET /v1/{KEY}",
        revising.rotation,
    ),
)
ACTIONS = (*OPERATIONS, *MACHINES, *DISKS, *NETWORK, *SQL, *RUNNING, *PROJECT, *DATA)
