"""The state of a Google Cloud: one project whose resources are JSON by path, and the operations on them.

What takes its time is RUNNING at the first look and done at the second, or fails as a test says.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.fakes.google import PROJECT
from tests.fakes.scripted import Answered

P = f"projects/{PROJECT}"
COMPUTE = f"/compute/v1/{P}"
LINK = f"https://www.googleapis.com{COMPUTE}"
PROJECT_PATH = f"/v3/{P}"
POLICY = f"{PROJECT_PATH}:policy"
ZONE, REGION = "us-central1-a", "us-central1"
MADE_AT = "2026-06-01T08:00:00.000-07:00"
Json = dict[str, Any]
# Applied when an operation is done.
Change = Callable[[], None]


class Refusal(Exception):
    """Google says no; `reason` is its word in the older form, or the status in the newer one."""

    def __init__(self, status: int, reason: str, message: str = "No.") -> None:
        super().__init__(message)
        self.answered = Answered(
            {"error": {"code": status, "message": message, "status": reason, "errors": [{"reason": reason}]}}, status
        )


class GoogleState:
    """`things` holds everything by its path on the server, `sizes` how large buckets are measured, in bytes."""

    def __init__(self) -> None:
        self.things: dict[str, Json] = {}
        self.sizes: dict[str, int] = {}
        self.refused: list[str] = []
        # Kind of operation, as compute.instances.stop -> the code it fails with.
        self.failing: dict[str, str] = {}
        self._operations: dict[str, tuple[Json, Change, str | None]] = {}
        self._count = 0
        self.reset()

    def reset(self) -> None:
        """A project with an owner, and nothing in it."""
        self.things.clear()
        self.sizes.clear()
        self.refused.clear()
        self.failing.clear()
        self._operations.clear()
        self.things[PROJECT_PATH] = {
            "name": "projects/123456",
            "projectId": PROJECT,
            "displayName": "Example",
            "state": "ACTIVE",
        }
        self.things[POLICY] = {
            "etag": "p-1",
            "version": 1,
            "bindings": [{"role": "roles/owner", "members": ["user:a@shop.example"]}],
        }
        self.things[COMPUTE] = {
            "name": PROJECT,
            "selfLink": LINK,
            "commonInstanceMetadata": {"fingerprint": "m-1", "items": [{"key": "ssh-keys", "value": "root:hunter-1"}]},
        }

    def put(self, path: str, **fields: Any) -> Json:
        """Something that is there."""
        self.things[path] = fields
        return fields

    def compute(self, path: str, **fields: Any) -> str:
        """Something of Compute Engine; its full name. `path` is its place, collection and name."""
        place = path.split("/")
        where = {"zones": "zone", "regions": "region"}.get(place[0])
        located = {where: f"{LINK}/{place[0]}/{place[1]}"} if where else {}
        name = place[-1]
        plain = {"id": str(len(self.things) + 1000), "name": name, "selfLink": f"{LINK}/{path}", **located}
        self.put(f"{COMPUTE}/{path}", **plain, creationTimestamp=MADE_AT, **fields)
        return f"//compute.googleapis.com/{P}/{path}"

    def recommend(self, recommender: str, location: str, resource: str, **fields: Any) -> str:
        """An open recommendation that saves 30 USD in 30 days; its full name. `changes` are its operations."""
        changes = [{"resource": resource, **one} for one in fields.pop("changes", ({"action": "test", "path": "/"},))]
        name = f"{P}/locations/{location}/recommenders/{recommender}/recommendations/r-{len(self.things)}"
        cost = {"cost": {"currencyCode": "USD", "units": "-30"}, "duration": "2592000s"}
        plain = {
            "name": name,
            "description": "Save cost by acting on it.",
            "stateInfo": {"state": "ACTIVE"},
            "primaryImpact": {"category": "COST", "costProjection": cost},
            "priority": "P1",
            "etag": '"r-1"',
            "content": {"operationGroups": [{"operations": changes}]},
        }
        self.put(f"/v1/{name}", **{**plain, **fields})
        return f"//recommender.googleapis.com/{name}"

    def state(self) -> dict[str, Json]:
        """Everything as it stands, without recommendations, which are no part of what is mended."""
        return {path: deepcopy(one) for path, one in self.things.items() if "/recommendations/" not in path}

    def get(self, path: str) -> Json:
        """Raises Refusal for what is not there."""
        if path not in self.things:
            raise Refusal(404, "notFound", f"{path} is not there.")
        return self.things[path]

    def under(self, prefix: str) -> list[Json]:
        """What lies directly under a path."""
        return [one for path, one in self.things.items() if re.fullmatch(rf"{re.escape(prefix)}/[^/:]+", path)]

    def tag(self) -> str:
        """A new etag, fingerprint or name."""
        self._count += 1
        return f"t-{self._count}"

    def begin(self, kind: str, path: str, change: Change, **fields: Any) -> Json:
        """An operation at this path, which makes the change when it is done."""
        operation = {"name": path.rpartition("/")[2], "status": "RUNNING", **fields}
        self._operations[path] = (operation, change, self.failing.get(kind))
        return dict(operation)

    def look(self, path: str) -> Json | None:
        """An operation as it stands; the next look finds it done. None when there is none at this path."""
        if path not in self._operations:
            return None
        operation, change, failure = self._operations[path]
        seen = dict(operation)
        is_done = operation.get("status") == "DONE" or operation.get("done")
        if not is_done:
            operation.update({"done": True} if "metadata" in operation else {"status": "DONE"})
            if failure is not None:
                error = {"code": failure, "message": "It did not go."}
                operation["error"] = error if "metadata" in operation else {"errors": [error]}
            else:
                change()
        return seen
