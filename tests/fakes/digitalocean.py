"""A small DigitalOcean team as its API would tell of it. Secrets in it must never be kept."""

from datetime import date, timedelta
from typing import Any

from tests.fakes.collecting import NOW

TEAM, DATABASE, LB, INVOICE = "team-1", "db-1", "lb-1", "invoice-10"
POSTGRESQL = "db-2"
SECRETS = ("pw-of-the-database", "value-of-the-variable", "hooks.slack.com", "key-of-the-log-service")
DAY = 86400


def series(*values: float, start: int = 0, **labels: str) -> dict[str, Any]:
    points = [[start + at * DAY, str(value)] for at, value in enumerate(values)]
    return {"metric": labels, "values": points}


def metric(*found: dict[str, Any]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": list(found)}}


def insights_until(day: date) -> str:
    """Where a first look asks on this day for what was used: thirty days of it."""
    return f"/v2/billing/do:team:{TEAM}/insights/{day - timedelta(days=30)}/{day}"


INSIGHTS: dict[str, Any] = {
    "data_points": [{"total_amount": "0.86", "start_date": "2026-11-25"}],
    "current_page": 1,
    "total_pages": 1,
}
# What the shared description leaves out, in the shapes of DigitalOcean's own reference.
UNDESCRIBED: dict[str, Any] = {
    "/v2/apps": {
        "apps": [
            {
                "id": "app-1",
                "spec": {
                    "name": "shop",
                    "services": [
                        {"name": "web", "envs": [{"key": "DB_PASS", "type": "GENERAL", "value": SECRETS[1]}]},
                    ],
                },
                "created_at": "2026-01-01T00:00:00Z",
            }
        ]
    },
    "/v2/uptime/checks": {"checks": [{"id": "check-1", "name": "shop", "enabled": True, "regions": ["us_east"]}]},
    "/v2/registry": {"registry": {"name": "shop", "region": "fra1", "storage_usage_bytes": 5}},
    "/v2/registry/shop/garbage-collections": {
        "garbage_collections": [{"uuid": "gc-1", "status": "succeeded", "created_at": "2026-10-01T00:00:00Z"}]
    },
    "/v2/security/scans/latest": {
        "scan": {"id": "scan-1", "status": "COMPLETED", "findings": [{"name": "Open port", "severity": "high"}]}
    },
    f"/v2/databases/{DATABASE}/logsink": {
        "sinks": [{"sink_id": "sink-1", "sink_type": "datadog", "config": {"datadog_api_key": SECRETS[3]}}]
    },
    "/v2/monitoring/metrics/database/mysql/cpu_usage": metric(series(10, 30)),
    f"/v2/databases/{POSTGRESQL}/pools": {
        "pools": [{"name": "web", "mode": "transaction", "size": 10, "connection": {"password": SECRETS[0]}}]
    },
}
WORLD: dict[str, Any] = {
    **UNDESCRIBED,
    "/v2/account": {"account": {"uuid": "user-1", "email": "ops@example.com", "team": {"uuid": TEAM, "name": "Shop"}}},
    "/v2/sizes": {"sizes": [{"slug": "s-1vcpu-1gb", "price_monthly": 6}]},
    "/v2/projects": {"projects": [{"id": "project-1", "name": "shop", "environment": "Production"}]},
    "/v2/monitoring/alerts": {
        "policies": [
            {
                "uuid": "alert-1",
                "description": "CPU",
                "enabled": True,
                "alerts": {"email": [], "slack": [{"channel": "ops", "url": f"https://{SECRETS[2]}/x"}]},
            }
        ]
    },
    "/v2/actions": {"actions": [{"id": 1, "type": "create", "started_at": "2026-11-20T00:00:00Z"}]},
    "/v2/customers/my/balance": {"month_to_date_usage": "12.00"},
    "/v2/customers/my/billing_history": {"billing_history": [{"type": "Invoice", "amount": "20.00"}]},
    "/v2/customers/my/invoices": {"invoices": [{"invoice_uuid": INVOICE, "invoice_period": "2026-10"}]},
    f"/v2/customers/my/invoices/{INVOICE}": {"invoice_items": [{"product": "Droplets", "amount": "20.00"}]},
    insights_until(NOW.date()): INSIGHTS,
    "/v2/droplets": {
        "droplets": [
            {
                "id": 7,
                "name": "web",
                "status": "off",
                "region": {"slug": "fra1"},
                "tags": ["environment:production", "web"],
                "created_at": "2026-01-01T00:00:00Z",
            }
        ]
    },
    "/v2/droplets/7/firewalls": {"firewalls": [{"id": "fw-1"}]},
    "/v2/droplets/7/actions": {
        "actions": [
            {"id": 3, "type": "snapshot", "started_at": "2026-11-02T00:00:00Z"},
            {"id": 2, "type": "power_off", "started_at": "2026-11-01T00:00:00Z"},
        ]
    },
    "/v2/monitoring/metrics/droplet/cpu": metric(series(0, 90, 150, mode="idle"), series(0, 10, 50, mode="user")),
    "/v2/monitoring/metrics/droplet/memory_available": metric(series(100, 300)),
    "/v2/monitoring/metrics/droplet/bandwidth": metric(series(1, 2)),
    "/v2/volumes": {"volumes": [{"id": "vol-1", "name": "data", "region": {"slug": "fra1"}, "droplet_ids": []}]},
    "/v2/snapshots": {"snapshots": [{"id": "9", "name": "web-1", "regions": ["fra1"], "size_gigabytes": 2.3}]},
    "/v2/images": {
        "images": [
            {"id": 8, "name": "own", "type": "custom", "public": False, "regions": ["fra1", "nyc3"]},
            {"id": 9, "name": "web-1", "type": "snapshot", "public": False, "regions": ["fra1"]},
        ]
    },
    "/v2/reserved_ips": {"reserved_ips": [{"ip": "192.0.2.1", "region": {"slug": "fra1"}, "droplet": None}]},
    "/v2/kubernetes/clusters": {"kubernetes_clusters": [{"id": "k8s-1", "name": "shop", "region": "fra1"}]},
    "/v2/kubernetes/clusters/k8s-1/upgrades": {"available_upgrade_versions": None},
    "/v2/load_balancers": {"load_balancers": [{"id": LB, "name": "web", "region": {"slug": "fra1"}}]},
    "/v2/monitoring/metrics/load_balancer/frontend_http_requests_per_second": metric(series(0, 0)),
    "/v2/firewalls": {"firewalls": [{"id": "fw-1", "name": "web", "inbound_rules": []}]},
    "/v2/vpcs": {"vpcs": [{"id": "vpc-1", "name": "default", "region": "fra1"}]},
    "/v2/certificates": {"certificates": [{"id": "cert-1", "name": "web", "not_after": "2027-01-01T00:00:00Z"}]},
    "/v2/databases": {
        "databases": [
            {
                "id": DATABASE,
                "name": "shop",
                "engine": "mysql",
                "region": "fra1",
                "connection": {"password": SECRETS[0]},
                "users": [{"name": "doadmin", "password": SECRETS[0]}],
            },
            {"id": POSTGRESQL, "name": "orders", "engine": "pg", "region": "fra1"},
        ]
    },
    **{
        f"/v2/databases/{id}/replicas": {"replicas": [{"name": "r-1", "connection": {"password": SECRETS[0]}}]}
        for id in (DATABASE, POSTGRESQL)
    },
    f"/v2/databases/{POSTGRESQL}/firewall": {"rules": []},
    f"/v2/databases/{POSTGRESQL}/backups": {"backups": []},
    f"/v2/databases/{POSTGRESQL}/logsink": {"sinks": []},
    "/v2/cdn/endpoints": {"endpoints": [{"id": "cdn-1", "endpoint": "img.fra1.cdn.digitaloceanspaces.com", "ttl": 60}]},
    f"/v2/databases/{DATABASE}/firewall": {"rules": [{"type": "ip_addr", "value": "0.0.0.0/0"}]},
    f"/v2/databases/{DATABASE}/backups": {"backups": [{"created_at": "2026-11-25T00:00:00Z"}]},
    "/v2/spaces/keys": {"keys": [{"name": "ci", "access_key": "DO1", "grants": []}]},
}
