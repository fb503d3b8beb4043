"""What lists and objects of a Google Cloud answer, and what the controls must then say.

A state is by the connector's name of a call what it answers; two are put together with `|`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from domain.facts.compliance import CheckStatus
from tests.fakes.collecting import NOW
from tests.fakes.google import PROJECT
from tests.fakes.google_told import State

P = f"projects/{PROJECT}"
LINK = f"https://www.googleapis.com/compute/v1/{P}"
COMPUTE = f"//compute.googleapis.com/{P}"
REGION, ZONE = "us-central1", "us-central1-a"
PASS, WARNING, FAIL = CheckStatus.PASS, CheckStatus.WARNING, CheckStatus.FAIL
ERROR, NOTHING = CheckStatus.ERROR, CheckStatus.NOT_APPLICABLE
EMPTY: State = {}


class Changed(NamedTuple):
    """With the account as `told`, the control must say `status` of the thing whose full name is `item`.

    An ERROR and NOT_APPLICABLE are said of no thing: `item` is "" then. `parameters` are the customer's own settings;
    `later` is how long after the read it is judged. `leavers` are those whom the connected directory has ended, and how
    long ago. `register` are the apps on our own register of vendors.
    """

    control: str
    status: CheckStatus
    item: str
    told: State
    parameters: Mapping[str, Any] = {}
    later: timedelta = timedelta(0)
    leavers: Mapping[str, timedelta] = {}
    register: tuple[str, ...] = ()


def ago(**fields: float) -> str:
    """So long before the read, as Google writes times."""
    return (NOW - timedelta(**fields)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def placed(noun: str, place: str = f"regions/{REGION}", name: str = "one", **fields: Any) -> State:
    """One thing of Compute Engine in the list over all places; `place` is a zone, a region or "global"."""
    thing = {"name": name, "selfLink": f"{LINK}/{place}/{noun}/{name}", **fields}
    if place != "global":
        thing[place.split("s/")[0]] = f"{LINK}/{place}"
    nothing = {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "There are no results for this scope."}}
    return {f"compute.v1:{noun}.aggregatedList": {"items": {"regions/europe-west1": nothing, place: {noun: [thing]}}}}


def machine(network: str = "main", **fields: Any) -> State:
    """A machine with one card, in the subnetwork "one" of this network."""
    card = {"network": f"{LINK}/global/networks/{network}", "subnetwork": f"{LINK}/regions/{REGION}/subnetworks/one"}
    plain = {"status": "RUNNING", "machineType": f"{LINK}/zones/{ZONE}/machineTypes/e2-small"}
    return placed("instances", f"zones/{ZONE}", "web", **plain, networkInterfaces=[card], **fields)


def everywhere(noun: str, name: str, **fields: Any) -> State:
    """One thing of Compute Engine that lies nowhere."""
    thing = {"name": name, "selfLink": f"{LINK}/global/{noun}/{name}", **fields}
    return {f"compute.v1:{noun}.list": {"items": [thing]}}


def named(noun: str, place: str = f"regions/{REGION}", name: str = "one") -> str:
    """The full name of a thing of Compute Engine."""
    return f"{COMPUTE}/{place}/{noun}/{name}"


def bucket(*, prevention: str = "inherited", **fields: Any) -> State:
    """The bucket "files", which nobody outside of the project can read."""
    access = {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": prevention}
    plain = {"name": "files", "id": "files", "location": "EU", "storageClass": "STANDARD", "iamConfiguration": access}
    owner = {"role": "roles/storage.legacyBucketOwner", "members": [f"projectOwner:{PROJECT}"]}
    return {
        "storage.v1:buckets.list": {"kind": "storage#buckets", "items": [{**plain, **fields}]},
        "storage.v1:buckets.getIamPolicy": {"etag": "CAE=", "bindings": [owner]},
    }


def open_to(member: str) -> State:
    """Whom the policy of the bucket lets read."""
    binding = {"role": "roles/storage.objectViewer", "members": [member]}
    return {"storage.v1:buckets.getIamPolicy": {"etag": "CAE=", "bindings": [binding]}}


BUCKET = "//storage.googleapis.com/files"
DATABASE = f"//cloudsql.googleapis.com/{P}/instances/main"


def database(addresses: Mapping[str, Any] | None = None, *, key: str | None = None, **settings: Any) -> State:
    """The database "main", which is reached from within the project only."""
    access = {"ipv4Enabled": False, "sslMode": "ENCRYPTED_ONLY", **(addresses or {})}
    plain = {"tier": "db-custom-2-8192", "availabilityType": "REGIONAL", "ipConfiguration": access}
    instance: dict[str, Any] = {
        "name": "main",
        "region": REGION,
        "state": "RUNNABLE",
        "databaseVersion": "POSTGRES_17",
        "instanceType": "CLOUD_SQL_INSTANCE",
        "settings": {**plain, **settings},
    }
    if key:
        instance["diskEncryptionConfiguration"] = {"kmsKeyName": key}
    return {"sqladmin.v1:instances.list": {"items": [instance]}}


RING = f"{P}/locations/{REGION}/keyRings/main"
KEY = f"{RING}/cryptoKeys/data"


def key(purpose: str = "ENCRYPT_DECRYPT", **fields: Any) -> State:
    """The key "data" of the customer's own."""
    place = {"name": f"{P}/locations/{REGION}", "locationId": REGION}
    return {
        "cloudkms.v1:projects.locations.list": {"locations": [place]},
        "cloudkms.v1:projects.locations.keyRings.list": {"keyRings": [{"name": RING}]},
        "cloudkms.v1:projects.locations.keyRings.cryptoKeys.list": {
            "cryptoKeys": [{"name": KEY, "purpose": purpose, "createTime": ago(days=400), **fields}]
        },
    }


def assets(*labels: Mapping[str, str] | None, kind: str = "storage.googleapis.com/Bucket") -> State:
    """Stores in the inventory, one for each of these: "files" first, then "files-1" and so on."""
    found = []
    for number, own in enumerate(labels):
        name = f"{BUCKET}-{number}" if number else BUCKET
        one: dict[str, Any] = {"name": name, "assetType": kind, "project": "projects/123456", "location": "eu"}
        found.append({**one, **({"labels": own} if own else {})})
    return {"cloudasset.v1:v1.searchAllResources": {"results": found}}


OWNER = ("roles/owner", "user:a@shop.example")


def policy(*bindings: tuple[str, str], logged: Mapping[str, Any] | None = None) -> State:
    """The project's policy: role and member. `logged` are the kinds of audit logs by service."""
    audit = [
        {"service": service, "auditLogConfigs": [{"logType": kind} for kind in kinds]}
        for service, kinds in (logged or {}).items()
    ]
    given = [{"role": role, "members": [member]} for role, member in bindings or (OWNER,)]
    told: dict[str, Any] = {"version": 1, "etag": "BwY=", "bindings": given}
    return {"cloudresourcemanager.v3:projects.getIamPolicy": {**told, **({"auditConfigs": audit} if audit else {})}}


def project(**fields: Any) -> State:
    """The one project that the key sees; others take its place by another `projectId`."""
    plain = {"name": "projects/123456", "projectId": PROJECT, "state": "ACTIVE", "createTime": ago(days=100)}
    return {"cloudresourcemanager.v3:projects.search": {"projects": [{**plain, **fields}]}}
