"""What a Google Cloud answers where its description in ../shared/specs says nothing, written after the reference pages.

Each by "METHOD path"; and what is put in the place of the words with which Prism fills fields without an example.
"""

from typing import Any

from tests.fakes.google import EMAIL, PROJECT
from tests.fakes.scripted import Answered, Asked

P = f"projects/{PROJECT}"
V1 = f"GET /v1/{P}"
LINK = f"https://www.googleapis.com/compute/v1/{P}"
TIME = "2026-11-01T08:00:00.000-07:00"
REGION = f"{LINK}/regions/us-central1"


def _in_region(noun: str, **fields: Any) -> dict[str, Any]:
    name = f"{noun}-1"
    item = {
        "name": name,
        "selfLink": f"{REGION}/{noun}/{name}",
        "region": REGION,
        "creationTimestamp": TIME,
        "labels": {"team": "web"},
    }
    nothing = {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "There are no results for scope 'global'."}}
    return {"items": {"global": nothing, "regions/us-central1": {noun: [item | fields]}}}


COMPUTE = {
    noun: _in_region(noun, **fields)
    for noun, fields in {
        "instanceGroupManagers": {"targetSize": 2},
        "backendServices": {"loadBalancingScheme": "EXTERNAL_MANAGED"},
        "securityPolicies": {"adaptiveProtectionConfig": {"layer7DdosDefenseConfig": {"enable": True}}},
        "sslPolicies": {"minTlsVersion": "TLS_1_2"},
        "sslCertificates": {"expireTime": "2027-01-01T00:00:00.000-08:00"},
        "targetHttpProxies": {"urlMap": f"{REGION}/urlMaps/urlMaps-1"},
        "targetHttpsProxies": {"sslPolicy": f"{REGION}/sslPolicies/sslPolicies-1"},
        "urlMaps": {
            "defaultUrlRedirect": {"httpsRedirect": True},
            "headerAction": {"requestHeadersToAdd": [{"headerName": "x-key", "headerValue": "hunter-3"}]},
        },
        "autoscalers": {
            "target": f"{REGION}/instanceGroupManagers/instanceGroupManagers-1",
            "autoscalingPolicy": {"mode": "ON", "cpuUtilization": {"utilizationTarget": 0.6}},
        },
        "resourcePolicies": {"instanceSchedulePolicy": {"timeZone": "UTC"}},
        "commitments": {"plan": "TWELVE_MONTH"},
    }.items()
}
RUN_SERVICE = {
    "metadata": {
        "name": "shop",
        "creationTimestamp": "2026-10-01T10:00:00.123456Z",
        "labels": {"cloud.googleapis.com/location": "europe-west1", "team": "web"},
    },
    "spec": {"template": {"spec": {"containers": [{"env": [{"name": "DB_PASSWORD", "value": "hunter-2"}]}]}}},
}
RING = f"{P}/locations/europe-west1/keyRings/main"
API = f"{P}/locations/global/apis/shop"
UNDESCRIBED: dict[str, Any] = {
    **{f"GET /compute/v1/{P}/aggregated/{noun}": answer for noun, answer in COMPUTE.items()},
    f"GET /compute/v1/{P}/global/images": {
        "items": [{"name": "base", "selfLink": f"{LINK}/global/images/base", "creationTimestamp": TIME}]
    },
    f"{V1}/instances/{{instance}}/backupRuns": {"items": [{"status": "SUCCESSFUL", "endTime": TIME}]},
    f"{V1}/operations": {"items": [{"operationType": "CLONE", "status": "DONE", "endTime": TIME}]},
    f"{V1}/locations": {"locations": [{"name": f"{P}/locations/europe-west1", "locationId": "europe-west1"}]},
    f"{V1}/locations/europe-west1/keyRings": {"keyRings": [{"name": RING, "createTime": TIME}]},
    f"GET /v1/{RING}/cryptoKeys": {
        "cryptoKeys": [{"name": f"{RING}/cryptoKeys/disk", "purpose": "ENCRYPT_DECRYPT", "rotationPeriod": "7776000s"}]
    },
    f"{V1}/secrets": {"secrets": [{"name": "projects/123/secrets/db", "createTime": "2026-10-01T00:00:00.123456789Z"}]},
    f"{V1}/locations/global/workloadIdentityPools": {
        "workloadIdentityPools": [{"name": "projects/123/locations/global/workloadIdentityPools/ci", "state": "ACTIVE"}]
    },
    "GET /admin/directory/v1/users": {
        "users": [
            {"id": "1042", "primaryEmail": "a@example.com", "isAdmin": True, "creationTime": "2026-01-01T00:00:00Z"}
        ]
    },
    "GET /admin/directory/v1/users/1042/tokens": {
        "items": [{"clientId": "9.apps", "displayText": "Mailer", "scopes": ["https://mail.google.com/"]}]
    },
    "GET /v1/inboundSsoAssignments": {
        "inboundSsoAssignments": [{"name": "inboundSsoAssignments/1", "ssoMode": "SAML_SSO"}]
    },
    f"GET /v2/{P}/locations/-/functions": {
        "functions": [
            {
                "name": f"{P}/locations/europe-west1/functions/resize",
                "serviceConfig": {"environmentVariables": {"API_KEY": "hunter-1"}},
            }
        ]
    },
    f"{V1}/locations/-/services": {"items": [RUN_SERVICE]},
    f"{V1}/locations/europe-west1/repositories": {
        "repositories": [{"name": f"{P}/locations/europe-west1/repositories/images", "createTime": TIME}]
    },
    f"{V1}/locations/global/apis": {"apis": [{"name": API, "state": "ACTIVE"}]},
    f"GET /v1/{API}/configs": {"apiConfigs": [{"name": f"{API}/configs/v1", "state": "ACTIVE", "createTime": TIME}]},
    f"GET /v1/{API}/configs/v1": {
        "name": f"{API}/configs/v1",
        "openapiDocuments": [{"document": {"path": "shop.yaml", "contents": "hunter-3"}}],
    },
    f"GET /v2/{P}/metrics": {"metrics": [{"name": "owner-changes", "filter": "x", "createTime": TIME}]},
    f"GET /v2/{P}/locations/-/buckets": {
        "buckets": [{"name": f"{P}/locations/global/buckets/_Required", "retentionDays": 400, "locked": True}]
    },
    f"GET /v3/{P}/uptimeCheckConfigs": {
        "uptimeCheckConfigs": [
            {
                "name": f"{P}/uptimeCheckConfigs/front",
                "displayName": "Front page",
                "httpCheck": {"authInfo": {"username": "probe", "password": "hunter-3"}},
            }
        ]
    },
    f"{V1}/locations/global/securityCenterServices": {
        "securityCenterServices": [
            {"name": f"{P}/locations/global/securityCenterServices/web", "effectiveEnablementState": "ENABLED"}
        ]
    },
    f"{V1}/patchDeployments": {"patchDeployments": [{"name": f"{P}/patchDeployments/weekly", "state": "ACTIVE"}]},
    f"{V1}/locations/us-central1-a/instances/-/vulnerabilityReports": {
        "vulnerabilityReports": [{"name": f"{P}/locations/us-central1-a/instances/1/vulnerabilityReport"}]
    },
    f"GET /v2/{P}/locations/{{location}}/discoveryConfigs": {"discoveryConfigs": [{"status": "RUNNING"}]},
    "GET /v2/organizations/123/locations/{location}/fileStoreDataProfiles": {
        "fileStoreDataProfiles": [{"sensitivityScore": {"score": "SENSITIVITY_HIGH"}}]
    },
    f"{V1}/feeds": {"feeds": [{"name": f"{P}/feeds/all"}]},
}
# Of fields that Prism has no example for it writes "string", a time and the name of an unreachable place included.
TIMES = frozenset({"creationTimestamp", "createTime", "validAfterTime"})
NOWHERE = frozenset({"unreachable", "unreachables", "missingZones", "warnings", "warning"})
NAMES = {
    "/v3/organizations/123": {"name": "organizations/123", "directoryCustomerId": "C0123abcd"},
    f"/v1/{P}/serviceAccounts": {"name": f"{P}/serviceAccounts/{EMAIL}"},
    f"/v1/{P}/billingInfo": {"billingAccountName": "billingAccounts/00AA11-22BB33-44CC55"},
}


def plausible(asked: Asked, answered: Answered) -> Answered:
    """An answer of Prism with something fitting in the place of "string"."""
    return Answered(_filled(answered.body, NAMES.get(asked.path, {})), answered.status)


def _filled(body: Any, names: dict[str, str]) -> Any:
    if isinstance(body, list):
        return [_filled(one, names) for one in body]
    if not isinstance(body, dict):
        return body
    kept = {key: value for key, value in body.items() if key not in NOWHERE}
    return {key: _field(key, value, names) for key, value in kept.items()}


def _field(key: str, value: Any, names: dict[str, str]) -> Any:
    if value == "string":
        return TIME if key in TIMES else names.get(key, value)
    return _filled(value, names)
