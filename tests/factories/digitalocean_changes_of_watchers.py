"""Changes of what watches a DigitalOcean team: limits, alerts, scans, keys and projects. See digitalocean_changes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from domain.facts.compliance import Verdict
from tests.factories.digitalocean_things import (
    Row,
    Team,
    about,
    database,
    day,
    droplet,
    each,
    kubernetes,
    listed,
)

PASS, WARNING, FAIL = Verdict.PASS, Verdict.WARNING, Verdict.FAIL
HOUR, OURS = timedelta(hours=1), "team-1"
ACTION = {"id": 36804636, "status": "completed", "type": "create", "resource_type": "droplet", "resource_id": 3164444}
SINK = {"sink_id": "dfcc9f57d86bf58e321c2c6c31c7a971", "sink_name": "logs", "sink_type": "datadog"}
FOUND = "497f6eca-6276-4993-bfeb-53cbbbba6f08"
UPGRADE = {"slug": "1.34.1-do.0", "kubernetes_version": "1.34.1", "supported_features": ["cluster-autoscaler"]}


def limited(most: int, used: int) -> Callable[[Team], str]:
    """So many droplets where there may be that many."""

    def make(team: Team) -> str:
        team.cloud.limit = most
        for _ in range(used):
            droplet()(team)
        return "droplets"

    return make


def probe(*, enabled: bool) -> Callable[[Team], str]:
    found = {"id": "4de7ac8b-495b-4884-9a69-1050c6793cd6", "name": "Landing page", "type": "https", "enabled": enabled}
    return listed("checks", {**found, "target": "https://www.example.com", "regions": ["us_east", "eu_west"]})


def alert(*emails: str, **own: Any) -> Callable[[Team], str]:
    """A policy for all droplets that tells these addresses."""
    when = {"type": "v1/insights/droplet/cpu", "compare": "GreaterThan", "value": 80, "window": "5m"}
    told = {"email": list(emails), "slack": []}
    plain = {"uuid": "78b3da62-27e5-49ba-ac70-5db0b5935c64", "description": "CPU", "enabled": True}
    return listed("policies", {**plain, **when, "alerts": told, "entities": [], "tags": [], **own}, name="uuid")


def project(environment: str | None, *, days: float = 90, default: bool = False, name: str = "name") -> Any:
    """A project that says which environment it is unless that is None."""
    plain = {"id": "4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679", "owner_uuid": "99525febec065ca37b2ffe4f852fd2b2588895e7"}
    said = {"name": "web", "description": "", "purpose": "Website", "owner_id": 258992, "is_default": default}
    times = {"created_at": day(days), "updated_at": day(days)}
    which = {} if environment is None else {"environment": environment}
    return listed("projects", {**plain, **said, **times, **which}, name)


def key(days: float, *buckets: str) -> Callable[[Team], str]:
    """A key of Spaces for these buckets; "" is all of them, as DigitalOcean writes it."""
    grants = [{"bucket": bucket, "permission": "read" if bucket else "fullaccess"} for bucket in buckets]
    made = {"name": "build", "access_key": "DOACCESSKEYEXAMPLE", "grants": grants, "created_at": day(days)}
    return listed("keys", made, name="access_key")


def scan(days: float, *found: dict[str, Any], status: str = "COMPLETED", name: str = OURS) -> Callable[[Team], str]:
    """The newest scan, begun so many days ago."""

    def make(team: Team) -> str:
        about = {"id": "497dcba3-ecbf-4587-a2dd-5eb0665e6880", "status": status, "created_at": day(days)}
        team.cloud.scan_found = {**about, "findings": list(found)}
        return name

    return make


def finding(days: float, severity: str = "CRITICAL") -> dict[str, Any]:
    """A rule that something breaks since so many days."""
    told = {"name": "SSH is open", "details": "", "affected_resources_count": 1}
    return {"rule_uuid": FOUND, **told, "severity": severity, "found_at": day(days)}


def outdated(team: Team) -> str:
    """A cluster for which a newer version is there, which it does not take by itself."""
    native_id = kubernetes(auto_upgrade=False)(team)
    team.cloud.upgrades[native_id] = [UPGRADE]
    return native_id


ACTED = listed("actions", {**ACTION, "started_at": day(1), "completed_at": day(1), "region_slug": "nyc3"})
ROWS: tuple[Row, ...] = (
    ("CW-AVL-04", PASS, limited(25, 1), "1 of 25 used"),
    ("CW-AVL-04", WARNING, limited(5, 4), "4 of 5 used"),
    ("CW-AVL-04", FAIL, limited(2, 2), "2 of 2 used"),
    ("CW-AVL-04", PASS, about("public endpoints", probe(enabled=True)), "1: Landing page"),
    ("CW-AVL-04", FAIL, about("public endpoints", probe(enabled=False)), "none"),
    ("CW-AVL-04", PASS, about("alerts", alert("ops@example.com")), "1: v1/insights/droplet/cpu"),
    ("CW-AVL-04", WARNING, about("alerts", alert("ops@example.com", enabled=False)), "none"),
    ("CW-AVL-04", WARNING, about("spend alert"), "12.00 spent this month, no budget"),
    ("CW-CHG-05", PASS, project("Production"), "Production"),
    ("CW-CHG-05", WARNING, project("Production", default=True), "the default project holds production"),
    ("CW-CHG-05", FAIL, project(None), "no environment set"),
    ("CW-IAM-05", PASS, key(10, "static-images"), "build: 10 days old"),
    ("CW-IAM-05", WARNING, key(10, ""), "build: 10 days old, for every bucket"),
    ("CW-IAM-05", WARNING, key(80, "static-images"), "build: 80 days old"),
    ("CW-IAM-05", FAIL, key(100, "static-images"), "build: 100 days old"),
    ("CW-LOG-01", PASS, about(OURS, ACTED), "read 30 minutes ago", HOUR / 2),
    ("CW-LOG-01", WARNING, about(OURS, ACTED), "read 60 minutes ago", HOUR),
    ("CW-LOG-01", FAIL, about(OURS, ACTED), "read 180 minutes ago", 3 * HOUR),
    ("CW-LOG-03", PASS, database(sinks=[SINK]), "logs sent to datadog"),
    ("CW-LOG-03", FAIL, database(), "no log sink"),
    ("CW-LOG-04", PASS, scan(1), "COMPLETED 24 hours ago"),
    ("CW-LOG-04", WARNING, scan(3), "COMPLETED 72 hours ago"),
    ("CW-LOG-04", WARNING, scan(1, status="IN_PROGRESS"), "IN_PROGRESS 24 hours ago"),
    ("CW-LOG-04", FAIL, scan(8), "COMPLETED 192 hours ago"),
    ("CW-LOG-04", FAIL, scan(1, status="FAILED"), "FAILED 24 hours ago"),
    ("CW-LOG-04", FAIL, about(OURS), "scans are not switched on"),
    ("CW-LOG-05", PASS, each(alert("ops@example.com"), droplet()), "1 alerts"),
    ("CW-LOG-05", WARNING, each(alert(), droplet()), "alerts without e-mail or Slack"),
    ("CW-LOG-05", FAIL, each(alert("ops@example.com", tags=["database"]), droplet()), "no alert"),
    ("CW-RSK-02", PASS, project("Staging", name="id"), "Staging"),
    ("CW-RSK-02", WARNING, project(None, days=2, name="id"), "no environment set, there since 2026-11-24"),
    ("CW-RSK-02", FAIL, project(None, days=26, name="id"), "no environment set, there since 2026-10-31"),
    ("CW-VUL-01", PASS, scan(1, finding(5), name=FOUND), "critical open for 5 days"),
    ("CW-VUL-01", WARNING, scan(1, finding(13), name=FOUND), "critical open for 13 days"),
    ("CW-VUL-01", FAIL, scan(1, finding(16), name=FOUND), "critical open for 16 days"),
    ("CW-VUL-01", PASS, each(scan(1), database(version_end_of_life=day(-200))), "end of life 2027-06-14"),
    ("CW-VUL-01", WARNING, each(scan(1), database(version_end_of_life=day(-30))), "end of life 2026-12-26"),
    ("CW-VUL-01", FAIL, each(scan(1), database(version_end_of_life=day(1))), "end of life 2026-11-25"),
    ("CW-VUL-03", PASS, kubernetes(auto_upgrade=True), "upgrades by itself"),
    ("CW-VUL-03", WARNING, kubernetes(auto_upgrade=False), "no upgrades by itself, 0 waiting"),
    ("CW-VUL-03", WARNING, outdated, "no upgrades by itself, 1 waiting"),
    ("CW-VUL-03", PASS, database(version_end_of_life=day(-30)), "supported"),
    ("CW-VUL-03", FAIL, database(version_end_of_life=day(1)), "end of life 2026-11-25"),
)
