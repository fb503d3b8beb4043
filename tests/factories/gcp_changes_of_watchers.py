"""Changes to a Google Cloud that controls of watching judge: logs, alerts, findings, projects, interfaces, queues."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.factories.gcp_state import (
    EMPTY,
    ERROR,
    FAIL,
    NOTHING,
    PASS,
    PROJECT,
    REGION,
    WARNING,
    ZONE,
    Changed,
    P,
    ago,
    assets,
    machine,
    policy,
    project,
)
from tests.fakes.google_told import State

DEFAULT_LOGS = f"{P}/locations/global/buckets/_Default"
DATA_ACCESS = policy(logged={"allServices": ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]})
EXPORT = {
    "logging.v2:projects.sinks.list": {
        "sinks": [{"name": "all", "destination": "storage.googleapis.com/audit", "writerIdentity": "serviceAccount:w"}]
    }
}
FEED = {
    "name": f"{P}/feeds/all",
    "contentType": "RESOURCE",
    "feedOutputConfig": {"pubsubDestination": {"topic": f"{P}/topics/changes"}},
}
# What each of the four alerts looks for in the logs. Source: CIS Google Cloud Foundations, section 2.
MARKS = (
    'resource.type="iam_role" AND protoPayload.methodName="google.iam.admin.v1.CreateRole"',
    "protoPayload.serviceData.policyDelta.auditConfigDeltas:*",
    'resource.type="gce_firewall_rule"',
    'protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner"',
)
API = f"{P}/locations/global/apis/shop"
IMAGES = f"{P}/locations/{REGION}/repositories/images"
REPORT = f"{P}/locations/{ZONE}/instances/1/vulnerabilityReport"
ORDERS, DEAD = f"{P}/subscriptions/orders", f"{P}/topics/dead"


def log_bucket(days: int, **fields: Any) -> State:
    """Google leaves out `locked` where it is false."""
    kept = {"name": DEFAULT_LOGS, "retentionDays": days, "lifecycleState": "ACTIVE", **fields}
    return {"logging.v2:projects.locations.buckets.list": {"buckets": [kept]}}


def services(*enabled: str) -> State:
    """Of Security Command Center those in effect."""
    place = f"{P}/locations/global/securityCenterServices"
    known = ("event-threat-detection", "security-health-analytics", "vm-threat-detection", "container-threat-detection")
    listed = [
        {"name": f"{place}/{one}", "effectiveEnablementState": "ENABLED" if one in enabled else "DISABLED"}
        for one in known
    ]
    return {
        "securitycentermanagement.v1:projects.locations.securityCenterServices.list": {"securityCenterServices": listed}
    }


def alerts(*filters: str) -> State:
    """One alert for each of these filters: the first finds it in the logs itself, the others by a metric."""
    metrics = [{"name": f"m{number}", "filter": text} for number, text in enumerate(filters)]
    measured = 'metric.type="logging.googleapis.com/user/{}" AND resource.type="global"'
    conditions = [{"conditionMatchedLog": {"filter": text}} for text in filters[:1]]
    conditions += [{"conditionThreshold": {"filter": measured.format(one["name"])}} for one in metrics[1:]]
    told = {"enabled": True, "combiner": "OR", "notificationChannels": [f"{P}/notificationChannels/1"]}
    policies = [
        {**told, "name": f"{P}/alertPolicies/{number}", "displayName": "Changes", "conditions": [one]}
        for number, one in enumerate(conditions)
    ]
    return {
        "logging.v2:projects.metrics.list": {"metrics": metrics},
        "monitoring.v3:projects.alertPolicies.list": {"alertPolicies": policies},
    }


def feeds(*found: Mapping[str, Any]) -> State:
    return {"cloudasset.v1:feeds.list": {"feeds": list(found)}}


def configs(*states: str) -> State:
    """An API with configs in these states, the oldest first, each of an OpenAPI document, which the list leaves out."""
    names = [f"{API}/configs/v{number}" for number in range(len(states))]
    listed = [
        {"name": name, "state": state, "createTime": ago(days=9 - number)}
        for number, (name, state) in enumerate(zip(names, states, strict=True))
    ]
    documents = {"openapiDocuments": [{"document": {"path": "shop.yaml"}}]}
    return {
        "apigateway.v1:projects.locations.apis.list": {"apis": [{"name": API, "state": "ACTIVE"}]},
        "apigateway.v1:projects.locations.apis.configs.list": {"apiConfigs": listed} if listed else {},
        "apigateway.v1:projects.locations.apis.configs.get": lambda asked: {"name": asked.path[4:], **documents},
    }


def subscriptions(*dead_letters: str | None) -> State:
    """One of the topic of orders for each, with the topic that its dead letters go to."""
    listed = [
        {
            "name": f"{ORDERS}-{number}",
            "topic": f"{P}/topics/orders",
            **({"deadLetterPolicy": {"deadLetterTopic": topic, "maxDeliveryAttempts": 5}} if topic else {}),
        }
        for number, topic in enumerate(dead_letters)
    ]
    return {"pubsub.v1:projects.subscriptions.list": {"subscriptions": listed}}


def scanned(state: str = "SCANNING_ACTIVE") -> State:
    """A repository of images."""
    one = {"name": IMAGES, "format": "DOCKER", "vulnerabilityScanningConfig": {"enablementState": state}}
    place = {"name": f"{P}/locations/{REGION}", "locationId": REGION}
    return {
        "artifactregistry.v1:projects.locations.list": {"locations": [place]},
        "artifactregistry.v1:projects.locations.repositories.list": {"repositories": [one]},
    }


def weak(days: float) -> State:
    """A machine with a weakness of high severity, known so long."""
    found = {"details": {"cve": "CVE-2026-1", "severity": "HIGH"}, "createTime": ago(days=days)}
    report = {"name": REPORT, "vulnerabilities": [found]}
    listed = {"vulnerabilityReports": [report]}
    return machine() | {"osconfig.v1:projects.locations.instances.vulnerabilityReports.list": listed}


def quota(used: float) -> State:
    """How much of 100 processors is in use."""
    limit = {"metric": "CPUS", "limit": 100.0, "usage": used}
    return {"compute.v1:regions.list": {"items": [{"name": REGION, "status": "UP", "quotas": [limit]}]}}


LACKING = {"apigateway.v1:projects.locations.apis.list": {"unreachableLocations": [f"{P}/locations/global"]}}
ALL_OF_MACHINES = ("vm-threat-detection", "container-threat-detection")
ALL_OF_PROJECTS = ("event-threat-detection", "security-health-analytics")
STRANGER = {"projectId": "shop-dev"}

LOGS = (
    Changed("CW-LOG-01", PASS, PROJECT, DATA_ACCESS | EXPORT),
    Changed("CW-LOG-01", WARNING, PROJECT, policy() | EXPORT),
    Changed("CW-LOG-02", PASS, DEFAULT_LOGS, log_bucket(365, locked=True)),
    Changed("CW-LOG-02", WARNING, DEFAULT_LOGS, log_bucket(365)),
    Changed("CW-LOG-02", FAIL, DEFAULT_LOGS, log_bucket(30)),
    Changed("CW-LOG-04", PASS, PROJECT, services(*ALL_OF_PROJECTS)),
    Changed("CW-LOG-04", WARNING, PROJECT, services(*ALL_OF_PROJECTS[:1])),
    Changed("CW-LOG-05", PASS, PROJECT, alerts(*MARKS)),
    Changed("CW-LOG-05", WARNING, PROJECT, alerts(*MARKS[:3])),
    Changed("CW-LOG-06", PASS, PROJECT, feeds(FEED)),
    Changed("CW-LOG-06", WARNING, PROJECT, feeds()),
    Changed("CW-LOG-06", FAIL, PROJECT, feeds(), later=timedelta(hours=4)),
    Changed("CW-VUL-01", PASS, IMAGES, scanned()),
    Changed("CW-VUL-01", PASS, f"{REPORT}/CVE-2026-1", weak(23)),
    Changed("CW-VUL-01", WARNING, f"{REPORT}/CVE-2026-1", weak(25)),
    Changed("CW-VUL-01", FAIL, f"{REPORT}/CVE-2026-1", weak(31)),
    Changed("CW-VUL-04", PASS, PROJECT, services(*ALL_OF_MACHINES)),
    Changed("CW-VUL-04", WARNING, PROJECT, services(*ALL_OF_MACHINES[:1])),
)
PROJECTS = (
    Changed("CW-CHG-05", PASS, PROJECT, project(labels={"environment": "production"})),
    Changed("CW-CHG-05", WARNING, PROJECT, project()),
    Changed("CW-CHG-05", FAIL, PROJECT, project() | assets(None)),
    Changed("CW-CHG-05", FAIL, "shop-dev", project(**STRANGER)),
    Changed("CW-RSK-02", PASS, PROJECT, project()),
    Changed("CW-RSK-02", WARNING, "shop-dev", project(**STRANGER, createTime=ago(days=6))),
    Changed("CW-RSK-02", FAIL, "shop-dev", project(**STRANGER, createTime=ago(days=8))),
    Changed("CW-AVL-04", PASS, f"{REGION}: CPUS", quota(79)),
    Changed("CW-AVL-04", WARNING, f"{REGION}: CPUS", quota(95)),
    Changed("CW-AVL-04", FAIL, f"{REGION}: CPUS", quota(96)),
)
INTERFACES = (
    Changed("CW-PIN-01", PASS, API, configs("ACTIVE")),
    Changed("CW-PIN-01", WARNING, API, configs("ACTIVE", "FAILED")),
    Changed("CW-PIN-01", FAIL, API, configs("FAILED")),
    Changed("CW-PIN-01", FAIL, API, configs()),
    Changed("CW-PIN-01", ERROR, "", LACKING),
    Changed("CW-PIN-02", PASS, f"{ORDERS}-0", subscriptions(DEAD, None)),
    Changed("CW-PIN-02", WARNING, f"{ORDERS}-1", subscriptions(DEAD, None)),
    Changed("CW-PIN-02", FAIL, f"{ORDERS}-0", subscriptions(None)),
    Changed("CW-PIN-02", NOTHING, "", EMPTY),
)
CHANGES = (*LOGS, *PROJECTS, *INTERFACES)
