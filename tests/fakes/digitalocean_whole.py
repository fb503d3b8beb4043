"""A DigitalOcean team with everything that is read of one: what tests.fakes.digitalocean_team lacks is listed here.

What it answers is held against DigitalOcean's own description, as what it is asked is.
"""

import re
from collections import defaultdict
from typing import Any

from tests.fakes.described_cloud import MISSING, Refused, on
from tests.fakes.digitalocean_team import DigitalOceanTeam
from tests.fakes.scripted import Answered, Asked

NOT_AUTHORIZED = "You are not authorized to perform this operation"
# The lists that nothing changes but a test, by the key they are answered under.
PLAIN = {
    "/v2/projects": "projects",
    "/v2/monitoring/alerts": "policies",
    "/v2/uptime/checks": "checks",
    "/v2/actions": "actions",
    "/v2/images": "images",
    "/v2/kubernetes/clusters": "kubernetes_clusters",
    "/v2/apps": "apps",
    "/v2/vpcs": "vpcs",
    "/v2/certificates": "certificates",
    "/v2/cdn/endpoints": "endpoints",
    "/v2/spaces/keys": "keys",
}
OF_DATABASES = {"backups": "backups", "logsink": "sinks", "pools": "pools", "replicas": "replicas"}
DATABASE = "/v2/databases/{id}"


class DigitalOceanWhole(DigitalOceanTeam):
    """`lists` are by the key they are answered under, `of_databases` by what and the id of the database.

    `limit` is that of droplets, `scan_found` the newest posture scan, `upgrades` those waiting for each cluster.
    `refuses` are operations by name that are answered with this status and message, and `cut` those whose second page
    is broken. `untrue` are answers that the description does not have.
    """

    undescribed = DigitalOceanTeam.undescribed | {"GET /v2/apps", "GET /v2/uptime/checks"}

    def reset(self) -> None:
        super().reset()
        self.lists: dict[str, list[Any]] = {key: [] for key in PLAIN.values()}
        self.of_databases: defaultdict[str, dict[str, list[Any]]] = defaultdict(dict)
        self.upgrades: dict[str, list[Any]] = {}
        self.limit = 25
        self.scan_found: dict[str, Any] | None = None
        self.refuses: dict[str, tuple[int, str]] = {}
        self.cut: set[str] = set()
        self.untrue: list[str] = []
        self.broken.clear()

    def __call__(self, asked: Asked) -> Answered:
        answered = super().__call__(asked)
        found = self.described.answer_problems(asked.method, asked.path, answered.status, answered.body)
        self.untrue += [f"{asked.method} {asked.path}: {one}" for one in found]
        return answered

    def _answer(self, asked: Asked, body: Any) -> Any:
        for name, (status, message) in self.refuses.items():
            if _is_asked(name, asked):
                raise Refused(status, message)
        if not any(_is_asked(name, asked) for name in self.cut):
            return super()._answer(asked, body)
        if "page" in asked.query:
            raise Refused(500, "Server was unable to give you a response.")
        return {**super()._answer(asked, body), "links": {"pages": {"next": f"{self.url}{asked.path}?page=2"}}}

    def refusal(self, message: str) -> Any:
        return {"id": message.lower().replace(" ", "_")[:40], "message": message}

    @on("GET /v2/projects")
    @on("GET /v2/monitoring/alerts")
    @on("GET /v2/uptime/checks")
    @on("GET /v2/actions")
    @on("GET /v2/images")
    @on("GET /v2/kubernetes/clusters")
    @on("GET /v2/apps")
    @on("GET /v2/vpcs")
    @on("GET /v2/certificates")
    @on("GET /v2/cdn/endpoints")
    @on("GET /v2/spaces/keys")
    def clusters(self, asked: Asked) -> Any:
        """These and every other list that nothing but a test changes."""
        key = PLAIN[asked.path]
        return {key: self.lists[key], "links": {}, "meta": {"total": len(self.lists[key])}}

    @on("GET /v2/account")
    def account(self, _: Asked) -> Any:
        owner = {"uuid": "user-1", "email": "ops@example.com", "email_verified": True, "name": "Ops"}
        about = {"status": "active", "status_message": "", "team": {"uuid": "team-1", "name": "Shop"}}
        return {"account": {**owner, **about, "droplet_limit": self.limit, "floating_ip_limit": 3}}

    @on("GET /v2/security/scans/latest")
    def scan(self, _: Asked) -> Any:
        if self.scan_found is None:
            raise Refused(MISSING, "CSPM_NOT_ENABLED")
        return {"scan": self.scan_found}

    @on("GET /v2/customers/my/balance")
    def balance(self, _: Asked) -> Any:
        month = {"month_to_date_balance": "12.00", "month_to_date_usage": "12.00"}
        return {**month, "account_balance": "0.00", "generated_at": "2026-11-26T00:00:00Z"}

    @on("GET /v2/kubernetes/clusters/{id}/upgrades")
    def upgrades_of(self, _: Asked, native_id: str) -> Any:
        # There is null where a cluster has the newest version.
        return {"available_upgrade_versions": self.upgrades.get(native_id)}

    @on(f"GET {DATABASE}/backups")
    @on(f"GET {DATABASE}/logsink")
    @on(f"GET {DATABASE}/pools")
    @on(f"GET {DATABASE}/replicas")
    def backups(self, asked: Asked, native_id: str) -> Any:
        self.thing("databases", native_id)
        kind = asked.path.rpartition("/")[2]
        return {OF_DATABASES[kind]: self.of_databases[kind].get(native_id, [])}

    sinks = pools = replicas = backups


def _is_asked(name: str, asked: Asked) -> bool:
    """Whether this is the operation that connectors name so: GET /v2/databases/{database_cluster_uuid}."""
    pattern = re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(name))
    return bool(re.fullmatch(pattern, f"{asked.method} {asked.path}"))
