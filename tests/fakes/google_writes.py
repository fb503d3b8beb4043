"""What a Google Cloud with a state does when it is told to: it refuses what Google would, and changes the rest."""

import re
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime
from typing import Any

from tests.fakes.collecting import NOW
from tests.fakes.google_state import COMPUTE, LINK, POLICY, PROJECT_PATH, GoogleState, Json, P, Refusal

Match = re.Match[str]
Write = Callable[[GoogleState, Match, dict[str, str], Json], Any]
IN_ZONE, IN_REGION, GLOBAL = rf"{COMPUTE}/zones/[^/]+", rf"{COMPUTE}/regions/[^/]+", rf"{COMPUTE}/global"


def write(cloud: GoogleState, method: str, path: str, query: dict[str, str], body: Json) -> Any:
    """Raises Refusal."""
    for pattern, change in WRITES:
        found = re.fullmatch(pattern, f"{method} {path}")
        if found:
            return change(cloud, found, query, body)
    raise Refusal(501, "UNIMPLEMENTED", f"This stand-in cannot {method} {path}.")


def merged(now: Json, change: Json) -> Json:
    """A merge patch (RFC 7396), as Google's patch semantics have it."""
    found = dict(now)
    for key, value in change.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, dict):
            found[key] = merged(found[key] if isinstance(found.get(key), dict) else {}, value)
        else:
            found[key] = deepcopy(value)
    return found


def _begin(cloud: GoogleState, kind: str, path: str, change: Callable[[], None]) -> Json:
    """An operation of Compute Engine, beside what lies at this path."""
    where = re.match(rf"{COMPUTE}/(zones/[^/]+|regions/[^/]+|global)", path)
    scope = where[1] if where else "global"
    return cloud.begin(f"compute.{kind}", f"{COMPUTE}/{scope}/operations/{cloud.tag()}", change, targetLink=path)


def _changed(kind: str, revise: Callable[[GoogleState, Json, Json], None]) -> Write:
    """A call on a thing: `revise` changes it, or refuses before anything has begun."""

    def change(cloud: GoogleState, found: Match, _: dict[str, str], body: Json) -> Json:
        path = found["path"]
        revised = deepcopy(cloud.get(path))
        revise(cloud, revised, body)
        return _begin(cloud, kind, path, lambda: cloud.things[path].update(_without_gone(cloud, path, revised)))

    return change


def _without_gone(cloud: GoogleState, path: str, revised: Json) -> Json:
    for key in set(cloud.things[path]) - set(revised):
        del cloud.things[path][key]
    return revised


def _deleted(kind: str) -> Write:
    def change(cloud: GoogleState, found: Match, _: dict[str, str], __: Json) -> Json:
        path = found["path"]
        if cloud.get(path).get("users"):
            raise Refusal(400, "resourceInUseByAnotherResource")

        def delete() -> None:
            del cloud.things[path]

        return _begin(cloud, kind, path, delete)

    return change


def _made(kind: str, **fields: Any) -> Write:
    def change(cloud: GoogleState, found: Match, _: dict[str, str], body: Json) -> Json:
        collection = found["path"]
        path = f"{collection}/{body['name']}"
        if path in cloud.things:
            raise Refusal(409, "alreadyExists")
        source = body.get("sourceSnapshot")
        if source and cloud.get(f"{COMPUTE}/{source}")["status"] != "READY":
            raise Refusal(400, "resourceNotReady")
        return _begin(cloud, kind, path, lambda: _put(cloud, path.removeprefix(f"{COMPUTE}/"), {**body, **fields}))

    return change


def _put(cloud: GoogleState, path: str, body: Json) -> None:
    cloud.compute(path, **{key: deepcopy(value) for key, value in body.items() if key != "name"})


def _snapshot(cloud: GoogleState, found: Match, _: dict[str, str], body: Json) -> Json:
    disk, path = cloud.get(found["path"]), f"{COMPUTE}/global/snapshots/{body['name']}"
    if path in cloud.things:
        raise Refusal(409, "alreadyExists")
    kept = {"sourceDisk": disk["selfLink"], "diskSizeGb": disk["sizeGb"], "status": "READY", "storageBytes": "1024"}

    def change() -> None:
        _put(cloud, path.removeprefix(f"{COMPUTE}/"), {**body, **kept})

    return _begin(cloud, "disks.createSnapshot", found["path"], change)


def _typed(_: GoogleState, machine: Json, body: Json) -> None:
    if machine["status"] != "TERMINATED":
        raise Refusal(400, "resourceNotReady", "The instance must be stopped.")
    machine["machineType"] = f"{LINK}/{body['machineType']}"


def _attached(cloud: GoogleState, machine: Json, body: Json) -> None:
    for policy in body["resourcePolicies"]:
        cloud.get(f"/compute/v1/{policy}")
        link = f"https://www.googleapis.com/compute/v1/{policy}"
        machine["resourcePolicies"] = sorted({*machine.get("resourcePolicies", ()), link})


def _detached(_: GoogleState, machine: Json, body: Json) -> None:
    gone = {f"https://www.googleapis.com/compute/v1/{one}" for one in body["resourcePolicies"]}
    kept = [one for one in machine.get("resourcePolicies", ()) if one not in gone]
    machine.pop("resourcePolicies", None)
    if kept:
        machine["resourcePolicies"] = kept


def _switched(cloud: GoogleState, group: Json, body: Json) -> None:
    cloud.get(f"{COMPUTE}/{body['instanceTemplate']}")
    group["instanceTemplate"] = f"{LINK}/{body['instanceTemplate']}"


def _deprecated(_: GoogleState, image: Json, body: Json) -> None:
    image.pop("deprecated", None)
    if body:
        image["deprecated"] = body


def _metadata(_: GoogleState, project: Json, body: Json) -> None:
    if body.get("fingerprint") != project["commonInstanceMetadata"]["fingerprint"]:
        raise Refusal(412, "conditionNotMet")
    number = int(body["fingerprint"].partition("-")[2]) + 1
    project["commonInstanceMetadata"] = {"fingerprint": f"m-{number}", "items": body["items"]}


def _sql(cloud: GoogleState, found: Match, _: dict[str, str], body: Json) -> Json:
    path = found["path"]
    cloud.get(path)

    def change() -> None:
        cloud.things[path] = merged(cloud.things[path], body)

    return cloud.begin("sql.instances.patch", f"/v1/{P}/operations/{cloud.tag()}", change, operationType="UPDATE")


def _service(cloud: GoogleState, found: Match, query: dict[str, str], body: Json) -> Json:
    path, service = found["path"], cloud.get(found["path"])
    if query.get("updateMask") != "template" or "revision" in body["template"]:
        raise Refusal(400, "INVALID_ARGUMENT", "A mask and a revision without a name are expected.")
    if body.get("etag") != service["etag"]:
        raise Refusal(409, "ABORTED")

    def change() -> None:
        service.update(template=body["template"], etag=cloud.tag())

    operation = f"{path.rpartition('/services/')[0]}/operations/{cloud.tag()}"
    begun = cloud.begin("run.services.patch", operation, change, metadata={}, done=False)
    name = {"name": operation.removeprefix("/v2/")}
    cloud._operations[operation][0].update(name)
    return begun | name


def _sized(cloud: GoogleState, found: Match, _: dict[str, str], body: Json) -> Json:
    (pool,) = (one for one in cloud.get(found["path"])["nodePools"] if one["name"] == found["pool"])

    def change() -> None:
        for link in pool["instanceGroupUrls"]:
            cloud.things[link.removeprefix("https://www.googleapis.com")]["targetSize"] = body["nodeCount"]

    path = f"{found['path'].rpartition('/clusters/')[0]}/operations/{cloud.tag()}"
    return cloud.begin("container.setSize", path, change)


def _ended(cloud: GoogleState, _: Match, __: dict[str, str], ___: Json) -> Json:
    return _moved(cloud, "ACTIVE", "DELETE_REQUESTED", {"deleteTime": "2026-11-26T12:00:00Z"})


def _restored(cloud: GoogleState, _: Match, __: dict[str, str], ___: Json) -> Json:
    return _moved(cloud, "DELETE_REQUESTED", "ACTIVE", {})


def _moved(cloud: GoogleState, before: str, after: str, times: Json) -> Json:
    project = cloud.things[PROJECT_PATH]
    if project["state"] != before:
        raise Refusal(400, "FAILED_PRECONDITION")
    project.pop("deleteTime", None)
    project.update(state=after, **times)
    return {"name": f"operations/{cloud.tag()}", "done": True}


def _allowed(_: GoogleState, __: Match, ___: dict[str, str], body: Json) -> Json:
    """Whoever asks may do everything."""
    return {"permissions": body["permissions"]}


def _read_policy(cloud: GoogleState, _: Match, __: dict[str, str], body: Json) -> Json:
    if body.get("options", {}).get("requestedPolicyVersion") != 3:
        raise Refusal(400, "INVALID_ARGUMENT", "Conditions are shown in version 3 only.")
    return cloud.things[POLICY]


def _policy(cloud: GoogleState, _: Match, __: dict[str, str], body: Json) -> Json:
    now, sent = cloud.things[POLICY], body["policy"]
    if sent.get("etag") != now["etag"]:
        raise Refusal(409, "ABORTED", "There were concurrent policy changes.")
    if not any(one["role"] == "roles/owner" for one in sent["bindings"]):
        raise Refusal(400, "FAILED_PRECONDITION", "Somebody must own the project.")
    named = set(body.get("updateMask", "bindings,etag").split(","))
    taken = {key: value for key, value in sent.items() if key in named | {"version"}}
    cloud.things[POLICY] = {**now, **taken, "etag": cloud.tag()}
    return cloud.things[POLICY]


def _bucket(cloud: GoogleState, found: Match, _: dict[str, str], body: Json) -> Json:
    path = found["path"]
    public = {"allUsers", "allAuthenticatedUsers"}
    prevention = body.get("iamConfiguration", {}).get("publicAccessPrevention")
    if prevention not in (None, "enforced", "inherited"):
        raise Refusal(400, "invalid")
    if prevention == "enforced" and any(public & set(one["members"]) for one in cloud.get(f"{path}/iam")["bindings"]):
        raise Refusal(412, "conditionNotMet", "The policy still lets everybody in.")
    cloud.things[path] = merged(cloud.get(path), body)
    return cloud.things[path]


def _bucket_policy(cloud: GoogleState, found: Match, _: dict[str, str], body: Json) -> Json:
    path = found["path"]
    if body.get("etag") != cloud.get(path)["etag"]:
        raise Refusal(412, "conditionNotMet")
    cloud.things[path] = {**body, "etag": cloud.tag()}
    return cloud.things[path]


def _key(cloud: GoogleState, found: Match, query: dict[str, str], body: Json) -> Json:
    if query.get("updateMask") != "rotationPeriod,nextRotationTime":
        raise Refusal(400, "INVALID_ARGUMENT", "Another mask than expected.")
    if ("rotationPeriod" in body) != ("nextRotationTime" in body):
        raise Refusal(400, "INVALID_ARGUMENT", "A period goes with the next time.")
    if body and datetime.fromisoformat(body["nextRotationTime"]) <= NOW:
        raise Refusal(400, "INVALID_ARGUMENT", "The next time must lie ahead.")
    key = cloud.get(found["path"])
    for name in ("rotationPeriod", "nextRotationTime"):
        key.pop(name, None)
    key.update(body)
    return key


def _switched_key(cloud: GoogleState, found: Match, _: dict[str, str], __: Json) -> Json:
    key = cloud.get(found["path"])
    key.pop("disabled", None)
    if found["verb"] == "disable":
        key["disabled"] = True
    return {}


def _succeeded(cloud: GoogleState, found: Match, _: dict[str, str], body: Json) -> Json:
    told = cloud.get(found["path"])
    if body.get("etag") != told["etag"]:
        raise Refusal(409, "ABORTED")
    state = {"state": "SUCCEEDED", "stateMetadata": body.get("stateMetadata", {})}
    told.update(stateInfo=state, etag=f'"{cloud.tag()}"')
    return told


def _set(**fields: Any) -> Callable[[GoogleState, Json, Json], None]:
    return lambda _, thing, __: thing.update(fields)


def _patched(_: GoogleState, thing: Json, body: Json) -> None:
    thing.update(merged(thing, body))


def _thing(path: str) -> str:
    return rf"(?P<path>{path}/[^/:]+)"


MACHINE, DISK, GROUP = (_thing(f"{IN_ZONE}/{noun}") for noun in ("instances", "disks", "instanceGroupManagers"))
KEY = _thing(f"/v1/{P}/serviceAccounts/[^/]+/keys")
RING_KEY = _thing(f"/v1/{P}/locations/[^/]+/keyRings/[^/]+/cryptoKeys")
WRITES: tuple[tuple[str, Write], ...] = (
    (f"POST {MACHINE}/stop", _changed("instances.stop", _set(status="TERMINATED"))),
    (f"POST {MACHINE}/start", _changed("instances.start", _set(status="RUNNING"))),
    (f"POST {MACHINE}/setMachineType", _changed("instances.setMachineType", _typed)),
    (f"POST {MACHINE}/addResourcePolicies", _changed("instances.addResourcePolicies", _attached)),
    (f"POST {MACHINE}/removeResourcePolicies", _changed("instances.removeResourcePolicies", _detached)),
    (f"POST (?P<path>{IN_REGION}/resourcePolicies)", _made("resourcePolicies.insert", status="READY")),
    (f"POST (?P<path>{GLOBAL}/instanceTemplates)", _made("instanceTemplates.insert")),
    (f"POST {GROUP}/setInstanceTemplate", _changed("instanceGroupManagers.setInstanceTemplate", _switched)),
    (f"POST (?P<path>{IN_REGION}/commitments)", _made("regionCommitments.insert", status="NOT_YET_ACTIVE")),
    (f"POST {DISK}/createSnapshot", _snapshot),
    (f"POST (?P<path>{IN_ZONE}/disks)", _made("disks.insert", status="READY")),
    (f"DELETE {DISK}", _deleted("disks.delete")),
    (f"DELETE {_thing(f'{GLOBAL}/snapshots')}", _deleted("snapshots.delete")),
    (f"DELETE {_thing(f'(?:{IN_REGION}|{GLOBAL})/addresses')}", _deleted("addresses.delete")),
    (f"POST {_thing(f'{GLOBAL}/images')}/deprecate", _changed("images.deprecate", _deprecated)),
    (f"PATCH {_thing(f'{GLOBAL}/firewalls')}", _changed("firewalls.patch", _patched)),
    (f"POST (?P<path>{COMPUTE})/setCommonInstanceMetadata", _changed("projects.setCommonInstanceMetadata", _metadata)),
    (f"PATCH {_thing(f'/v1/{P}/instances')}", _sql),
    (f"PATCH {_thing(f'/v2/{P}/locations/[^/]+/services')}", _service),
    (f"POST {_thing(f'/v1/{P}/locations/[^/]+/clusters')}/nodePools/(?P<pool>[^/:]+):setSize", _sized),
    (f"DELETE {PROJECT_PATH}", _ended),
    (f"POST {PROJECT_PATH}:undelete", _restored),
    (f"POST {PROJECT_PATH}:testIamPermissions", _allowed),
    (f"POST {PROJECT_PATH}:getIamPolicy", _read_policy),
    (f"POST {PROJECT_PATH}:setIamPolicy", _policy),
    (f"PATCH {_thing('/storage/v1/b')}", _bucket),
    (r"PUT (?P<path>/storage/v1/b/[^/]+/iam)", _bucket_policy),
    (f"PATCH {RING_KEY}", _key),
    (f"POST {KEY}:(?P<verb>enable|disable)", _switched_key),
    (f"POST {_thing('/v1/.+/recommendations')}:markSucceeded", _succeeded),
)
