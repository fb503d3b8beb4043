"""A small GitHub organization as its API would tell of it. Secrets in it must never be kept."""

import json
from typing import Any

from tests.fakes.scripted_rest import Answer, Call

ORG, REPO, SHA, MERGED = "octo-org", "shop", "a" * 40, "b" * 40
SECRETS = ("aio_the_leaked_secret", "token-in-an-address", "last8888")
REPOSITORY: dict[str, Any] = {
    "id": 1296269,
    "name": REPO,
    "full_name": f"{ORG}/{REPO}",
    "owner": {"login": ORG, "id": 1},
    "archived": False,
    "default_branch": "main",
    "visibility": "private",
    "topics": ["production"],
    "stargazers_count": 80,
    "hooks_url": "https://api.github.com/repos/octo-org/shop/hooks",
    "created_at": "2026-01-01T00:00:00Z",
}
ORGANIZATION: dict[str, Any] = {
    "id": 1,
    "login": ORG,
    "two_factor_requirement_enabled": True,
    "default_repository_permission": "read",
    "created_at": "2020-01-01T00:00:00Z",
}
BASE = f"/repos/{ORG}/{REPO}"
PULL: dict[str, Any] = {
    "number": 12,
    "node_id": "PR_12",
    "title": "SHOP-1 Sell more",
    "user": {"login": "ann"},
    "merged_at": "2026-11-20T00:00:00Z",
    "updated_at": "2026-11-21T00:00:00Z",
    "created_at": "2026-11-19T00:00:00Z",
    "head": {"ref": "more", "sha": SHA, "repo": REPOSITORY},
    "base": {"ref": "main", "sha": "c" * 40, "repo": REPOSITORY},
}


def commit(message: str, sha: str = MERGED, *, is_verified: bool = True) -> dict[str, Any]:
    reason = "valid" if is_verified else "unsigned"
    verification = {"verified": is_verified, "reason": reason}
    committer = {"date": "2026-11-20T00:00:00Z"}
    return {"sha": sha, "commit": {"message": message, "verification": verification, "committer": committer}}


def alert(**more: Any) -> list[dict[str, Any]]:
    return [{"number": 3, "state": "open", "created_at": "2026-11-01T00:00:00Z", "repository": REPOSITORY, **more}]


# What the shared description leaves out, in the shapes of GitHub's own reference.
UNDESCRIBED: dict[str, Any] = {
    f"/orgs/{ORG}/credential-authorizations": [{"login": "ann", "credential_id": 1, "token_last_eight": SECRETS[2]}],
    f"/orgs/{ORG}/personal-access-tokens": [{"id": 25, "token_name": "ci", "token_expires_at": None}],
    f"/orgs/{ORG}/actions/secrets": {"total_count": 1, "secrets": [{"name": "AWS_SECRET_ACCESS_KEY"}]},
    f"/orgs/{ORG}/audit-log": [{"action": "repo.access", "actor": "ann", "@timestamp": 1}],
    f"{BASE}/contents/": [
        {"name": "openapi.yaml", "path": "openapi.yaml", "type": "file", "sha": "d" * 40}
        | {"download_url": f"https://raw.example.com/openapi.yaml?token={SECRETS[1]}"}
    ],
    f"{BASE}/contents/.github": [
        {"name": "CODEOWNERS", "path": ".github/CODEOWNERS", "type": "file", "sha": "e" * 40},
    ],
    f"{BASE}/environments": {"total_count": 1, "environments": [{"id": 5, "name": "production"}]},
    f"{BASE}/keys": [{"id": 7, "title": "deploy", "read_only": False, "key": "ssh-ed25519 AAAA"}],
    f"{BASE}/actions/secrets": {"total_count": 1, "secrets": [{"name": "NPM_TOKEN"}]},
    f"{BASE}/commits/{SHA}/check-runs": {"check_runs": [{"name": "test", "conclusion": "success"}]},
    f"{BASE}/commits/{MERGED}/pulls": [],
    f"{BASE}/releases/latest": {"id": 9, "assets": [{"name": "shop.whl", "digest": "sha256:00"}, {"name": "old"}]},
    f"{BASE}/attestations/sha256:00": {"attestations": [{"repository_id": 1296269}]},
}
WORLD: dict[str, Any] = {
    **UNDESCRIBED,
    f"/orgs/{ORG}": ORGANIZATION,
    f"/orgs/{ORG}/members": [{"id": 2, "login": "ann"}],
    f"/orgs/{ORG}/actions/permissions": {"enabled_repositories": "all", "allowed_actions": "all"},
    f"/orgs/{ORG}/actions/permissions/workflow": {"default_workflow_permissions": "write"},
    f"/orgs/{ORG}/installations": {"total_count": 1, "installations": [{"id": 25, "app_slug": "ci-bot"}]},
    f"/orgs/{ORG}/secret-scanning/alerts": alert(secret=SECRETS[0], validity="active"),
    f"/orgs/{ORG}/dependabot/alerts": alert(security_advisory={"severity": "high"}),
    f"/orgs/{ORG}/code-scanning/alerts": alert(rule={"security_severity_level": "high"}),
    f"/orgs/{ORG}/repos": [REPOSITORY, {**REPOSITORY, "id": 2, "name": "old", "archived": True}],
    BASE: {**REPOSITORY, "security_and_analysis": {"secret_scanning": {"status": "disabled"}}},
    f"{BASE}/branches/main/protection": {"enforce_admins": {"enabled": False}},
    f"{BASE}/rules/branches/main": [{"type": "pull_request"}],
    f"{BASE}/actions/permissions": {"enabled": True, "allowed_actions": "all"},
    f"{BASE}/collaborators": [{"login": "bob", "role_name": "write", "permissions": {"push": True}}],
    f"{BASE}/vulnerability-alerts": None,
    f"{BASE}/code-scanning/default-setup": {"state": "configured"},
    f"{BASE}/dependency-graph/sbom": {"sbom": {"spdxVersion": "SPDX-2.3", "packages": [{"name": "left-pad"}]}},
    f"{BASE}/commits": [commit("Fix in place", is_verified=False), commit("Sell more (#12)", SHA)],
    f"{BASE}/pulls": [PULL, {**PULL, "number": 13, "merged_at": None}],
    f"{BASE}/pulls/12/reviews": [{"user": {"login": "bob"}, "state": "APPROVED", "commit_id": SHA}],
}
NODE = {"id": PULL["node_id"], "number": 12, "headRefOid": SHA, "mergeCommit": {"oid": MERGED}}


def query(call: Call) -> Answer:
    """What the two fixed queries are answered with; the identities behind single sign-on come in two pages."""
    asked = json.loads(call.body)
    if "nodes(ids" in asked["query"]:
        return Answer({"data": {"nodes": [{**NODE, "id": one} for one in asked["variables"]["ids"]]}})
    after = asked["variables"]["after"]
    person = {"guid": after or "first", "user": {"login": "ann" if after is None else "bob"}}
    info = {"hasNextPage": after is None, "endCursor": "cursor-1"}
    identities = {"pageInfo": info, "nodes": [person]}
    return Answer({"data": {"organization": {"samlIdentityProvider": {"id": "S_1", "externalIdentities": identities}}}})


def answers() -> dict[str, Any]:
    """The whole organization, for a scripted server."""
    told: dict[str, Any] = {path: Answer(body, 204 if body is None else 200) for path, body in WORLD.items()}
    return {**told, "/graphql": query}
