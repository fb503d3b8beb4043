"""One call of a Google interface, as data."""

from collections.abc import Mapping
from typing import Any

from connectors.clouds.gcp import secret
from connectors.reading.listing import Operation

CLOUD_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
# Where another scope than that of the whole platform is needed. Source: each method's reference page.
SCOPES = {
    "admin.googleapis.com": (
        "https://www.googleapis.com/auth/admin.directory.user.readonly",
        "https://www.googleapis.com/auth/admin.directory.user.security",
    ),
    "cloudidentity.googleapis.com": ("https://www.googleapis.com/auth/cloud-identity.inboundsso.readonly",),
}


def call(
    name: str,
    host: str,
    request: str,
    *permissions: str,
    also: tuple[str, ...] = (),
    off: tuple[str, ...] = (),
    is_one_page: bool = False,
    asks_project: bool = False,
    plan: str | None = None,
) -> Operation:
    """`request` is METHOD and path; `{project}` and `{organization}` are filled in for every call.

    `also` are other names under which the catalogues print the same call, or one that this call answers as well.
    `off` are statuses by which the host says that it is not set up. `is_one_page`: what comes first is enough.
    `asks_project`: the query names the project. `plan`: what else than the host's interface must be switched on.
    """
    options: Mapping[str, Any] = {
        "host": host,
        "also": also,
        "is_one_page": is_one_page,
        "needs_project": asks_project or "{project}" in request,
    }
    return Operation(
        name=name,
        service=host.partition(".")[0],
        permissions=permissions,
        plan=plan or f"the API {host}",
        off=frozenset(off),
        request=request,
        hidden=secret.hide,
        options=options,
    )


def scopes_of(host: str) -> tuple[str, ...]:
    return SCOPES.get(host, (CLOUD_SCOPE,))
