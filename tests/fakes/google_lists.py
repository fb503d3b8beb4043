"""What a Google Cloud with a state answers to those who read."""

import re
from collections.abc import Callable
from typing import Any

from tests.fakes.google_state import COMPUTE, PROJECT_PATH, GoogleState, Json, P, Refusal

V1 = f"/v1/{P}"
# Lists that none of the rules looks into, which the connector reads to know which places are in use.
EMPTY = (f"/bigquery/v2/{P}/datasets", f"/v2/{P}/locations/-/functions")


def read(cloud: GoogleState, _: str, path: str, query: dict[str, str], __: Json) -> Any:
    """Raises Refusal for what is not there."""
    operation = cloud.look(path)
    if operation is not None:
        return operation
    for pattern, answer in LISTS:
        found = re.fullmatch(pattern, path)
        if found:
            return answer(cloud, found, query)
    if path in EMPTY:
        return {}
    return cloud.get(path)


def _aggregated(cloud: GoogleState, found: re.Match[str], _: dict[str, str]) -> Json:
    scopes: Json = {}
    for path, one in cloud.things.items():
        inside = re.fullmatch(rf"{COMPUTE}/((?:zones|regions)/[^/]+|global)/{found['noun']}/[^/]+", path)
        if inside:
            scopes.setdefault(inside[1], {found["noun"]: []})[found["noun"]].append(one)
    return {"items": scopes}


def _collection(cloud: GoogleState, found: re.Match[str], query: dict[str, str]) -> Json:
    items = cloud.under(found[0])
    wanted = query.get("filter", "").partition(" = ")[2]
    return {"items": [one for one in items if not wanted or one["name"] == wanted]}


def _listed(key: str, prefix: Callable[[re.Match[str]], str]) -> Callable[..., Json]:
    return lambda cloud, found, _: {key: cloud.under(prefix(found))}


def _everywhere(key: str, pattern: str) -> Callable[..., Json]:
    """Of all locations."""
    return lambda cloud, _, __: {key: [one for path, one in cloud.things.items() if re.fullmatch(pattern, path)]}


def _services(cloud: GoogleState, _: re.Match[str], __: dict[str, str]) -> Json:
    """As the older interface prints what the newer one keeps."""
    items = []
    for path, one in cloud.things.items():
        found = re.fullmatch(rf"/v2/{P}/locations/([^/]+)/services/([^/]+)", path)
        if not found:
            continue
        idle = one["template"]["containers"][0].get("resources", {}).get("cpuIdle", True)
        annotations = {} if idle else {"run.googleapis.com/cpu-throttling": "false"}
        labels = {"cloud.googleapis.com/location": found[1]}
        template = {"metadata": {"annotations": annotations}}
        items.append({"metadata": {"name": found[2], "labels": labels}, "spec": {"template": template}})
    return {"items": items}


def _recommendations(cloud: GoogleState, found: re.Match[str], query: dict[str, str]) -> Json:
    if query.get("filter") != "stateInfo.state=ACTIVE":
        raise Refusal(400, "INVALID_ARGUMENT", "Another filter than expected.")
    items = cloud.under(found[0])
    return {"recommendations": [one for one in items if one["stateInfo"]["state"] == "ACTIVE"]}


def _sizes(cloud: GoogleState, _: re.Match[str], __: dict[str, str]) -> Json:
    return {
        "timeSeries": [
            {"resource": {"labels": {"bucket_name": name}}, "points": [{"value": {"doubleValue": float(size)}}]}
            for name, size in cloud.sizes.items()
        ]
    }


def _locations(cloud: GoogleState, _: re.Match[str], __: dict[str, str]) -> Json:
    names = {path.split("/")[5] for path in cloud.things if "/keyRings/" in path}
    return {"locations": [{"name": f"{P}/locations/{name}", "locationId": name} for name in sorted(names)]}


def _rings(cloud: GoogleState, found: re.Match[str], _: dict[str, str]) -> Json:
    names = {path.split("/")[7] for path in cloud.things if path.startswith(f"{found[0]}/")}
    return {"keyRings": [{"name": f"{found[0].removeprefix('/v1/')}/{name}"} for name in sorted(names)]}


def _itself(match: re.Match[str]) -> str:
    return match[0]


LISTS: tuple[tuple[str, Callable[[GoogleState, re.Match[str], dict[str, str]], Any]], ...] = (
    (rf"{COMPUTE}/aggregated/(?P<noun>\w+)", _aggregated),
    (rf"{COMPUTE}/(?:global|zones/[^/]+|regions/[^/]+)/\w+", _collection),
    (r"/storage/v1/b", _listed("items", _itself)),
    (rf"{PROJECT_PATH}/timeSeries", _sizes),
    (rf"{V1}/instances", _listed("items", _itself)),
    (rf"{V1}/instances/[^/]+/backupRuns", lambda _, __, ___: {}),
    (rf"{V1}/operations", lambda _, __, ___: {}),
    (rf"{V1}/locations/-/clusters", _everywhere("clusters", rf"{V1}/locations/[^/]+/clusters/[^/]+")),
    (rf"{V1}/locations/-/services", _services),
    (rf"{V1}/serviceAccounts", _listed("accounts", _itself)),
    (rf"{V1}/serviceAccounts/[^/]+/keys", _listed("keys", _itself)),
    (rf"{V1}/locations", _locations),
    (rf"{V1}/locations/[^/]+/keyRings", _rings),
    (rf"{V1}/locations/[^/]+/keyRings/[^/]+/cryptoKeys", _listed("cryptoKeys", _itself)),
    (r"/v1/(?:projects|billingAccounts)/[^/]+/locations/[^/]+/recommenders/[^/]+/recommendations", _recommendations),
    (r"/v1/billingAccounts/[^/]+/budgets", lambda _, __, ___: {}),
)
