"""Takes out of Google's answers what may hold a secret, before anything is kept.

Startup scripts, SSH keys and whatever else people put into metadata; environment variables; passwords and keys.
"""

from typing import Any
from urllib.parse import urlsplit

HIDDEN = "(hidden)"
# Settings among the metadata that rules and controls read; everything else is free text. Source: Compute Engine,
# "Predefined metadata keys".
SHOWN_METADATA = frozenset(
    {
        "block-project-ssh-keys",
        "created-by",
        "disable-legacy-endpoints",
        "enable-guest-attributes",
        "enable-os-config",
        "enable-osconfig",
        "enable-oslogin",
        "enable-oslogin-2fa",
        "enable-oslogin-sk",
        "google-compute-default-region",
        "google-compute-default-zone",
        "serial-port-enable",
        "serial-port-logging-enable",
        "vmdnssetting",
    }
)
# authInfo, body and headers: of uptime checks. customRequestHeaders, headerMatches and headerValue: of load balancers,
# which servers know them by.
# contents: of the documents that describe an interface.
# pvkPassword: of backups of SQL Server. accessKey: of backends in AWS. clientCertificate: of old clusters.
SECRET_NAMES = frozenset(
    {
        "accessKey",
        "authInfo",
        "authToken",
        "body",
        "clientCertificate",
        "clientKey",
        "clientSecret",
        "contents",
        "customRequestHeaders",
        "headerMatches",
        "headerValue",
        "headers",
        "oauth2ClientSecret",
        "password",
        "privateKey",
        "privateKeyData",
        "pvkPassword",
        "rawKey",
        "rootPassword",
        "rsaEncryptedKey",
        "sharedSecret",
    }
)
ADDRESSES = frozenset({"pushEndpoint"})


def hide(answer: Any) -> Any:
    """The answer with `HIDDEN` in the place of each secret; names of settings and variables stay."""
    if isinstance(answer, list):
        return [hide(one) for one in answer]
    if isinstance(answer, dict):
        return {key: _shown(key, value) for key, value in answer.items()}
    return answer


def _shown(key: str, value: Any) -> Any:
    if key in SECRET_NAMES and value:
        return HIDDEN
    if key in ADDRESSES and isinstance(value, str):
        # Receivers are often told apart by a token in the query.
        parts = urlsplit(value)
        return parts._replace(query=HIDDEN if parts.query else "").geturl()
    if key == "env" and isinstance(value, list):
        return [_masked(one, frozenset()) for one in value]
    if key == "envVariables" and isinstance(value, list):
        # Of a process that a finding of Security Command Center is about.
        return [{**one, "val": HIDDEN} if isinstance(one, dict) else HIDDEN for one in value]
    if key == "environmentVariables" and isinstance(value, dict):
        return dict.fromkeys(value, HIDDEN)
    if key in ("nodeConfig", "config") and isinstance(value, dict) and isinstance(value.get("metadata"), dict):
        metadata = {name: one if name in SHOWN_METADATA else HIDDEN for name, one in value["metadata"].items()}
        return {**hide(value), "metadata": metadata}
    if key in ("metadata", "commonInstanceMetadata") and isinstance(value, dict) and "items" in value:
        return {**value, "items": [_masked(one, SHOWN_METADATA) for one in value["items"] or []]}
    return hide(value)


def _masked(entry: Any, shown: frozenset[str]) -> Any:
    """One {key or name, value} with its value hidden."""
    if not isinstance(entry, dict) or "value" not in entry or entry.get("key") in shown:
        return entry
    return {**entry, "value": HIDDEN}
