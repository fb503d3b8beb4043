"""How the answers before and after a thing is mended are written down, and what several of them share."""

from datetime import timedelta
from typing import Any, NamedTuple

from domain.compliance.answers import Call
from domain.compliance.mending import Named
from tests.factories.answers import NOW, call

ACCOUNT, REGION, HERE = "123456789012", "us-east-1", "eu-west-1"

DAYS_AGO = {days: (NOW - timedelta(days=days)).isoformat() for days in (1, 80, 100, 400)}

Asked = Call | tuple[Any, ...]


class Change(NamedTuple):
    """What is answered before and after a thing is mended, with what is the same at both times.

    `resource` is the thing, where it is none of the examples of the rule.
    """

    before: tuple[Asked, ...]
    after: tuple[Asked, ...]
    both: tuple[Asked, ...] = ()
    resource: Named | None = None


def listed(operation: str, key: str, before: dict[str, Any], after: dict[str, Any] | None, *both: Asked) -> Change:
    """One thing of a list, which is gone where there is nothing after."""
    return Change(((operation, {key: [before]}),), ((operation, {key: [] if after is None else [after]}),), tuple(both))


def azure(operation: str, id: str, before: dict[str, Any], after: dict[str, Any], *both: Asked) -> Change:
    """One thing of Azure by its properties."""
    named = {"id": id, "name": id.rpartition("/")[2]}
    return listed(operation, "value", {**named, "properties": before}, {**named, "properties": after}, *both)


def pages(operation: str, before: Any, after: Any, *both: Asked, **arguments: Any) -> Change:
    """A call with these arguments; None is one that is answered with nothing."""
    ways = [call(operation, *([] if page is None else [page]), **arguments) for page in (before, after)]
    return Change((ways[0],), (ways[1],), tuple(both))


NETWORK_CARDS = (
    "ec2.describe_network_interfaces",
    {"NetworkInterfaces": [{"VpcId": "vpc-1", "Groups": [{"GroupId": "sg-1"}]}]},
)

DATABASE = "arn:aws:rds:us-east-1:123456789012:db:orders"

SQL = {"name": "orders"}


def sql(address: str, **told: Any) -> dict[str, Any]:
    networks = {"ipv4Enabled": True, "authorizedNetworks": [{"value": address}] if address else [], **told}
    return {**SQL, "settings": {"ipConfiguration": networks}}


def droplet(**told: Any) -> dict[str, Any]:
    usual = {"id": 7, "tags": [], "networks": {"v4": [{"type": "public"}]}, "features": [], "image": {"public": True}}
    return {**usual, **told}
