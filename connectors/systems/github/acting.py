"""Calls to GitHub that change something, and what is looked at while they do.

Permissions are those of docs.github.com, "Permissions required for GitHub Apps".
"""

from connectors.reading.listing import Operation
from connectors.systems.github import calls, organization, repository

ADMINISTRATION, ORGANIZATION, MEMBERS = "administration=write", "organization_administration=write", "members=write"
PROTECTION = f"{repository.PATH}{repository.BRANCH}/protection"


def act(name: str, *permissions: str) -> Operation:
    """A call that may answer with nothing. A step for which it is good news that the thing is gone says so itself."""
    return Operation(
        name=name,
        service=calls.CORE,
        permissions=permissions,
        hidden=calls.dropping(),
        options={"is_empty": True, calls.NOT_SET: {"404": ("not found", "branch not protected")}},
    )


ACTIONS = (
    calls.get(f"{repository.PATH}/keys", calls.ADMINISTRATION),
    act(f"PUT {PROTECTION}", ADMINISTRATION),
    act(f"DELETE {PROTECTION}", ADMINISTRATION),
    act(f"PATCH {repository.PATH}", ADMINISTRATION),
    act(f"PUT {repository.PATH}/vulnerability-alerts", ADMINISTRATION),
    act(f"DELETE {repository.PATH}/vulnerability-alerts", ADMINISTRATION),
    act(f"PUT {repository.PATH}/automated-security-fixes", ADMINISTRATION),
    act(f"DELETE {repository.PATH}/automated-security-fixes", ADMINISTRATION),
    act(f"POST {repository.PATH}/keys", ADMINISTRATION),
    act(f"DELETE {repository.PATH}/keys/{{key_id}}", ADMINISTRATION),
    act(f"PATCH {organization.PATH}", ORGANIZATION),
    act(f"PUT {organization.PATH}/memberships/{{username}}", MEMBERS),
    act(f"DELETE {organization.PATH}/memberships/{{username}}", MEMBERS),
    act(f"PUT {organization.PATH}/actions/permissions", ORGANIZATION),
    act(f"PUT {organization.PATH}/actions/permissions/selected-actions", ORGANIZATION),
    act(f"PUT {organization.PATH}/actions/permissions/workflow", ORGANIZATION),
)
