"""Changes of what lets others into a DigitalOcean team, and of how data moves. See digitalocean_changes."""

from collections.abc import Callable
from typing import Any

from domain.facts.compliance import Verdict
from tests.factories.digitalocean_things import (
    DEFAULT_NETWORK,
    NETWORK,
    Row,
    Team,
    about,
    balancer,
    database,
    day,
    droplet,
    each,
    example,
    kubernetes,
    listed,
)

PASS, WARNING, FAIL = Verdict.PASS, Verdict.WARNING, Verdict.FAIL
WORLD = ("0.0.0.0/0", "::/0")
INSIDE = {"ip_address": "10.128.192.124", "netmask": "255.255.0.0", "gateway": "10.128.0.1", "type": "private"}


def certificate(days: float) -> Callable[[Team], str]:
    """One that ends in so many days."""

    def make(team: Team) -> str:
        plain = example(team, "certificates_all", "certificates")
        return listed("certificates", {**plain, "not_after": day(-days), "created_at": day(60)})(team)

    return make


def firewall(ports: str, *addresses: str, droplets: tuple[int, ...] = (), tags: tuple[str, ...] = ()) -> Any:
    """One that lets these addresses in at these ports, before these droplets and those with the tags."""

    def make(team: Team) -> str:
        rule = {"protocol": "tcp", "ports": ports, "sources": {"addresses": list(addresses)}}
        plain = {"id": team.cloud.uuid(), "name": "web", "status": "succeeded", "created_at": day(90)}
        before = {"droplet_ids": list(droplets), "tags": list(tags), "pending_changes": []}
        made = {**plain, **before, "inbound_rules": [rule], "outbound_rules": []}
        return str(team.cloud.add("firewalls", made)["id"])

    return make


def network(native_id: str, *, default: bool) -> Callable[[Team], str]:
    plain = {"name": "net", "description": "", "region": "nyc3", "ip_range": "10.10.10.0/24", "created_at": day(90)}
    return listed("vpcs", {"id": native_id, "urn": f"do:vpc:{native_id}", "default": default, **plain})


def guarded(*addresses: str, enabled: bool = True) -> Callable[[Team], str]:
    """A cluster whose control plane lets these addresses in."""
    return kubernetes(control_plane_firewall={"enabled": enabled, "allowed_addresses": list(addresses)})


NETWORKS = (network(NETWORK, default=False), network(DEFAULT_NETWORK, default=True))
NO_LIST: dict[str, Any] = {"firewall": {"allow": [], "deny": []}}
ROWS: tuple[Row, ...] = (
    ("CW-DAT-03", PASS, balancer("https", tls_cipher_policy="STRONG"), "entries: https"),
    (
        "CW-DAT-03",
        PASS,
        balancer("http", "https", redirect_http_to_https=True, tls_cipher_policy="STRONG"),
        "entries: http, https",
    ),
    ("CW-DAT-03", WARNING, balancer("https", without=("tls_cipher_policy",)), "cipher policy DEFAULT"),
    ("CW-DAT-03", FAIL, balancer("http", redirect_http_to_https=False), "plain HTTP without a redirect"),
    ("CW-DAT-03", PASS, certificate(90), "ends on 2027-02-24"),
    ("CW-DAT-03", WARNING, certificate(20), "ends on 2026-12-16"),
    ("CW-DAT-03", FAIL, certificate(3), "ends on 2026-11-29"),
    # The stand-in counts droplets from 1000.
    ("CW-NET-01", PASS, each(firewall("443", *WORLD, droplets=(1001,)), droplet()), "behind a firewall"),
    ("CW-NET-01", PASS, each(firewall("443", *WORLD, tags=("web",)), droplet()), "behind a firewall"),
    ("CW-NET-01", PASS, droplet(networks={"v4": [INSIDE], "v6": []}), "no public address"),
    ("CW-NET-01", PASS, firewall("22", "192.0.2.0/24"), "no admin port open to the world"),
    ("CW-NET-01", FAIL, droplet(), "public address without a firewall"),
    ("CW-NET-01", FAIL, firewall("22", *WORLD), "port 22 open to 0.0.0.0/0, ::/0"),
    (
        "CW-NET-01",
        FAIL,
        firewall("0", "0.0.0.0/0"),
        "ports 22, 23, 2375, 2376, 3389, 5985, 5986, 6443, 10250 open to 0.0.0.0/0",
    ),
    ("CW-NET-02", PASS, database(trusts=("192.0.2.7",)), "1 trusted sources"),
    ("CW-NET-02", FAIL, database(trusts=("192.0.2.7", "0.0.0.0/0")), "trusts 0.0.0.0/0"),
    ("CW-NET-02", FAIL, database(), "no trusted source, so open to the internet"),
    ("CW-NET-03", PASS, droplet(vpc_uuid=NETWORK), f"in VPC {NETWORK}"),
    ("CW-NET-03", WARNING, droplet(vpc_uuid=""), "in no VPC"),
    (
        "CW-NET-03",
        PASS,
        about(NETWORK, *NETWORKS, droplet(vpc_uuid=NETWORK), droplet(vpc_uuid=DEFAULT_NETWORK)),
        "resources are split between VPCs",
    ),
    (
        "CW-NET-03",
        WARNING,
        about(DEFAULT_NETWORK, *NETWORKS, droplet(vpc_uuid=DEFAULT_NETWORK)),
        "everything shares the default VPC of its region",
    ),
    ("CW-NET-03", PASS, guarded("192.0.2.0/24"), "control plane firewall on"),
    ("CW-NET-03", FAIL, guarded("0.0.0.0/0"), "the control plane lets in 0.0.0.0/0"),
    ("CW-NET-03", FAIL, guarded(enabled=False), "the control plane is open to any address"),
    ("CW-NET-03", FAIL, kubernetes(control_plane_firewall=None), "the control plane is open to any address"),
    ("CW-NET-04", PASS, balancer("https"), "a firewall list"),
    ("CW-NET-04", WARNING, balancer("https", **NO_LIST), "no firewall list"),
    ("CW-NET-04", WARNING, balancer("https", without=("firewall",)), "no firewall list"),
    ("CW-NET-04", FAIL, balancer("https", tag="public-app", **NO_LIST), "no firewall list, tagged public-app"),
)
