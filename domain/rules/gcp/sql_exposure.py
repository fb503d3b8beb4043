"""Cloud SQL instances that the whole internet may reach."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules import gcp_example as example
from domain.rules.gcp_step import sql_step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

EVERYBODY = "0.0.0.0/0"
ENCRYPTED = "ENCRYPTED_ONLY"
SAFE_MODES = (ENCRYPTED, "TRUSTED_CLIENT_CERTIFICATE_REQUIRED")


def is_open(database: Resource, _: RuleContext) -> Observation | None:
    """Fires where all addresses are authorized, or a public address takes connections in plain text."""
    access = _access(database)
    has_everybody, is_plain = _has_everybody(access), _is_plain(access)
    if not has_everybody and not is_plain:
        return None
    faults = ["lets every address of the internet in"] * has_everybody + ["takes plain connections"] * is_plain
    return Observation(
        reason=f"Database {database.name} has a public address and {' and '.join(faults)}.",
        observed={key: access.get(key) for key in ("ipv4Enabled", "sslMode", "authorizedNetworks")},
    )


def close(database: Resource, _: RuleContext) -> tuple[Step, ...]:
    """All addresses go from the list, the others stay; connections must be encrypted from then on."""
    access = _access(database)
    wanted: dict[str, Any] = {}
    said = []
    if _has_everybody(access):
        wanted["authorizedNetworks"] = [one for one in access["authorizedNetworks"] if one.get("value") != EVERYBODY]
        said.append(f"take {EVERYBODY} out of the networks that may reach it")
    if _is_plain(access):
        wanted["sslMode"] = ENCRYPTED
        said.append("take encrypted connections only")
    former = {"ipConfiguration": {key: access[key] for key in wanted}}
    back = sql_step("open-again", f"Let {database.name} be reached as before.", database, former)
    says = f"Of {database.name}: {' and '.join(said)}. Whoever connects otherwise is cut off."
    return (sql_step("close", says, database, {"ipConfiguration": wanted}, undo=(back,)),)


def _access(database: Resource) -> dict[str, Any]:
    found: dict[str, Any] = (database.config.get("settings") or {}).get("ipConfiguration") or {}
    return found


def _has_everybody(access: dict[str, Any]) -> bool:
    return any(one.get("value") == EVERYBODY for one in access.get("authorizedNetworks") or ())


def _is_plain(access: dict[str, Any]) -> bool:
    """Where the mode is not printed nothing is known of it."""
    return bool(access.get("ipv4Enabled")) and access.get("sslMode", ENCRYPTED) not in SAFE_MODES


def _database(mode: str | None = ENCRYPTED, networks: tuple[str, ...] = (), has_address: bool = True) -> Resource:
    entries = [{"kind": "sql#aclEntry", "name": "n", "value": one} for one in networks]
    access = {"ipv4Enabled": has_address, "authorizedNetworks": entries, **({"sslMode": mode} if mode else {})}
    return example.sql(settings={"ipConfiguration": access})


PLAIN = "ALLOW_UNENCRYPTED_AND_ENCRYPTED"

PUBLIC = Rule(
    id="gcp-sql-public",
    title="Database is open to the internet",
    description="A database that every address reaches, or that takes passwords and data in plain text, is soon found.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.GCP_SQL_INSTANCE,
    permissions=("cloudsql.instances.list",),
    source="Cloud SQL Admin, instances.list (settings.ipConfiguration); CIS Google Cloud Foundation 6.4 and 6.5",
    blind_spots="Networks that together come to the whole internet, such as two halves of it, are not summed up.",
    needs=("settings",),
    check=is_open,
    group="network-exposure",
    remedy=Remedy(
        says="Takes all addresses out of the authorized networks and lets in encrypted connections only.",
        plan=close,
        reversible=Reversible.YES,
        permissions=("cloudsql.instances.get", "cloudsql.instances.update"),
    ),
    examples=(
        fires(_database(networks=("198.51.100.4/32", EVERYBODY))),
        fires(_database(PLAIN)),
        fires(_database(PLAIN, networks=(EVERYBODY,))),
        quiet(_database(networks=("198.51.100.4/32",))),
        quiet(_database(None)),
        quiet(_database(PLAIN, has_address=False)),
    ),
)
