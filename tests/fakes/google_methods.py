"""Which calls Google Cloud takes, with their fields: by its own description in ../shared/specs where that has the call.

What that lacks is listed here by hand, after Google's discovery documents (compute.v1 revision 20261106, run.v2,
cloudkms.v1, container.v1, cloudresourcemanager.v3, sqladmin.v1 as of October 2026). A field that a message does not
have is refused, as Google does.
"""

from copy import deepcopy
from pathlib import Path
from typing import Any

from tests.fakes.described import Described

TEXT, LIST, ANY = {"type": "string"}, {"type": "array"}, {"type": "object"}
FLAG, NUMBER = {"type": "boolean"}, {"type": "integer"}
C = "/compute/v1/projects/{project}"
LISTED = ("filter", "maxResults", "orderBy", "pageToken")
EVERYWHERE = (*LISTED, "includeAllScopes", "returnPartialSuccess", "serviceProjectNumber")
PAGED = ("pageSize", "pageToken", "filter")


def message(**fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": fields}


LABELS = {"type": "object", "additionalProperties": TEXT}
DISK = message(
    name=TEXT,
    description=TEXT,
    type=TEXT,
    sizeGb=TEXT,
    labels=LABELS,
    resourcePolicies=LIST,
    provisionedIops=TEXT,
    provisionedThroughput=TEXT,
    physicalBlockSizeBytes=TEXT,
    accessMode=TEXT,
    architecture=TEXT,
    enableConfidentialCompute=FLAG,
    storagePool=TEXT,
    diskEncryptionKey=ANY,
    sourceSnapshot=TEXT,
)
TEMPLATE = message(name=TEXT, description=TEXT, properties=ANY, region=TEXT, sourceInstance=TEXT)
STATUS = message(state=TEXT, replacement=TEXT, deprecated=TEXT, obsolete=TEXT, deleted=TEXT)
RESOURCE = message(type=TEXT, amount=TEXT, acceleratorType=TEXT)
COMMITMENT = message(
    name=TEXT, plan=TEXT, type=TEXT, category=TEXT, autoRenew=FLAG, resources={"type": "array", "items": RESOURCE}
)
CRON = message(schedule=TEXT)
SCHEDULE = message(timeZone=TEXT, startTime=TEXT, expirationTime=TEXT, vmStartSchedule=CRON, vmStopSchedule=CRON)
POLICIES = message(resourcePolicies=LIST)
METADATA = message(fingerprint=TEXT, kind=TEXT, items={"type": "array", "items": message(key=TEXT, value=TEXT)})
IAM = message(version=NUMBER, etag=TEXT, bindings=LIST, auditConfigs=LIST)
CONTAINER_RESOURCES = message(cpuIdle=FLAG, limits=LABELS, startupCpuBoost=FLAG)
SERVICE = message(etag=TEXT, name=TEXT, template=ANY, labels=LABELS, description=TEXT, traffic=LIST)
KEY = message(name=TEXT, purpose=TEXT, rotationPeriod=TEXT, nextRotationTime=TEXT, labels=LABELS)
SIZE = message(name=TEXT, nodeCount=NUMBER, clusterId=TEXT, nodePoolId=TEXT, projectId=TEXT, zone=TEXT)
# METHOD and path -> names in the query, and what the body may hold; None where there is none.
Method = tuple[tuple[str, ...], dict[str, Any] | None]
BY_HAND: dict[str, Method] = {
    f"POST {C}/zones/{{zone}}/disks": (("requestId", "sourceImage"), DISK),
    f"POST {C}/global/instanceTemplates": (("requestId",), TEMPLATE),
    f"GET {C}/global/instanceTemplates/{{instanceTemplate}}": ((), None),
    f"GET {C}/global/instanceTemplates": (LISTED, None),
    f"POST {C}/zones/{{zone}}/instanceGroupManagers/{{group}}/setInstanceTemplate": (
        ("requestId",),
        message(instanceTemplate=TEXT),
    ),
    f"POST {C}/global/images/{{image}}/deprecate": (("requestId",), STATUS),
    f"GET {C}/global/images": (LISTED, None),
    f"POST {C}/regions/{{region}}/commitments": (("requestId",), COMMITMENT),
    f"GET {C}/regions/{{region}}/commitments": (LISTED, None),
    f"POST {C}/regions/{{region}}/resourcePolicies": (
        ("requestId",),
        message(name=TEXT, description=TEXT, instanceSchedulePolicy=SCHEDULE),
    ),
    f"GET {C}/regions/{{region}}/resourcePolicies": (LISTED, None),
    f"POST {C}/zones/{{zone}}/instances/{{instance}}/addResourcePolicies": (("requestId",), POLICIES),
    f"POST {C}/zones/{{zone}}/instances/{{instance}}/removeResourcePolicies": (("requestId",), POLICIES),
    f"POST {C}/setCommonInstanceMetadata": (("requestId",), METADATA),
    f"DELETE {C}/global/addresses/{{address}}": (("requestId",), None),
    f"GET {C}/aggregated/instanceGroupManagers": (EVERYWHERE, None),
    f"GET {C}/aggregated/resourcePolicies": (EVERYWHERE, None),
    f"GET {C}/aggregated/commitments": (EVERYWHERE, None),
    "GET /v1/projects/{project}/operations/{operation}": (("location",), None),
    "GET /v1/projects/{project}/operations": (("instance", "filter", "maxResults", "pageToken"), None),
    "GET /v1/projects/{project}/instances/{instance}/backupRuns": (("maxResults", "pageToken", "filter"), None),
    "GET /v2/projects/{project}/locations/{location}/services/{service}": ((), None),
    "PATCH /v2/projects/{project}/locations/{location}/services/{service}": (
        ("updateMask", "allowMissing", "forceNewRevision", "validateOnly"),
        SERVICE,
    ),
    "GET /v2/projects/{project}/locations/{location}/operations/{operation}": ((), None),
    "GET /v2/projects/{project}/locations/{location}/functions": (PAGED, None),
    "GET /v1/projects/{project}/locations/{location}/services": (("limit", "continue", "labelSelector"), None),
    "POST /v1/projects/{p}/locations/{l}/clusters/{c}/nodePools/{n}:setSize": ((), SIZE),
    "GET /v1/projects/{project}/locations/{location}/operations/{operation}": ((), None),
    "DELETE /v3/projects/{project}": ((), None),
    "POST /v3/projects/{project}:undelete": ((), message()),
    "POST /v3/projects/{project}:testIamPermissions": ((), message(permissions=LIST)),
    "POST /v3/projects/{project}:setIamPolicy": ((), message(policy=IAM, updateMask=TEXT)),
    "GET /v1/projects/{project}/locations": (PAGED, None),
    "GET /v1/projects/{project}/locations/{location}/keyRings": (PAGED, None),
    "GET /v1/projects/{project}/locations/{location}/keyRings/{ring}/cryptoKeys": (PAGED, None),
    "GET /v1/projects/{project}/locations/{location}/keyRings/{ring}/cryptoKeys/{key}": ((), None),
    "PATCH /v1/projects/{project}/locations/{location}/keyRings/{ring}/cryptoKeys/{key}": (("updateMask",), KEY),
}


class Google(Described):
    """Google's description with what it lacks, in which no message has a field that is not its own."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        _close(self._spec["components"]["schemas"])
        # Newer than the description: it tells of the parameter in its reference pages.
        for operations in self._spec["paths"].values():
            for known in operations.values():
                if isinstance(known, dict) and known.get("operationId", "").endswith("aggregatedList"):
                    known["parameters"].append({"name": "returnPartialSuccess", "in": "query"})
        for name, (query, body) in BY_HAND.items():
            method, _, template = name.partition(" ")
            operation: dict[str, Any] = {"parameters": [{"name": one, "in": "query"} for one in query]}
            if body is not None:
                operation["requestBody"] = {"content": {"application/json": {"schema": deepcopy(body)}}}
            self._spec["paths"].setdefault(template, {}).setdefault(method.lower(), operation)

    def faults(self, method: str, path: str, query: dict[str, Any], body: Any) -> list[str]:
        """What Google would refuse, among it a body where none belongs."""
        operation = self._operation(method, path)
        takes_body = operation is not None and "requestBody" in operation
        extra = [f"a body for {method} {path}"] if body and operation is not None and not takes_body else []
        # System parameters go with every call (AIP "System parameters").
        own = {name: value for name, value in query.items() if not name.startswith("$")}
        return [*self.problems(method, path, own, body), *extra]


def _close(value: Any) -> None:
    """Every message whose fields are listed has no others."""
    if isinstance(value, dict):
        if isinstance(value.get("properties"), dict) and value.get("type") == "object":
            value.setdefault("additionalProperties", False)
        for inner in value.values():
            _close(inner)
    elif isinstance(value, list):
        for inner in value:
            _close(inner)
