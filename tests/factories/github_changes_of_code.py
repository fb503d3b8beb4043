"""What is changed in how code comes about at GitHub, and what the controls must then say of it."""

from typing import Any

from domain.facts.compliance import CheckStatus
from tests.factories.github_stage import (
    NOT_PROTECTED,
    SHOP,
    UPGRADE,
    GithubStage,
    Make,
    archived,
    protection,
    refused,
    shop,
    told,
)
from tests.factories.judged_change import Changed, both, nothing
from tests.fakes.github_hub import ABOVE, BASE, ago
from tests.fakes.scripted import Answered

PASS, WARNING, FAIL, ERROR = CheckStatus.PASS, CheckStatus.WARNING, CheckStatus.FAIL, CheckStatus.ERROR
NOTHING, UNASSESSED = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
BRANCH, RULES = "branches/main/protection", "rules/branches/main"
SOURCE = {"ruleset_source_type": "Repository", "ruleset_source": SHOP, "ruleset_id": 42}
REVIEW_RULE = {
    "required_approving_review_count": 1,
    "dismiss_stale_reviews_on_push": True,
    "require_code_owner_review": False,
    "require_last_push_approval": False,
    "required_review_thread_resolution": False,
}
CHECK_RULE = {"required_status_checks": [{"context": "test"}], "strict_required_status_checks_policy": True}
RULESET = [
    {"type": "pull_request", "parameters": REVIEW_RULE, **SOURCE},
    {"type": "required_status_checks", "parameters": CHECK_RULE, **SOURCE},
    {"type": "non_fast_forward", **SOURCE},
]


def numbered(number: int, kind: str = "a") -> str:
    return f"{kind}{number:039x}"


def committed(stage: GithubStage, sha: str, message: str, *, is_verified: bool = True, days: float = 2) -> None:
    """A commit on the default branch."""
    (known,) = stage.hub.described.answer("GET", f"{BASE}/commits")
    reason = "valid" if is_verified else "unsigned"
    signed = {"verified": is_verified, "reason": reason, "signature": None, "payload": None, "verified_at": None}
    person = {"name": "Ann", "email": "ann@example.com", "date": ago(days)}
    own = {**known["commit"], "message": message, "verification": signed, "author": person, "committer": person}
    stage.hub.told[f"{BASE}/commits"].append({**known, "sha": sha, "commit": own})


def merged(
    number: int = 12, *, by: str | None = "bob", review: float = 1, conclusion: str = "success", **own: Any
) -> Make:
    """A pull request of ann's, merged two days ago; `by` approved it `review` days before that.

    Its title names a ticket unless `own` has another.
    """

    def make(stage: GithubStage) -> None:
        hub, head = stage.hub, numbered(number)
        (known,) = hub.described.answer("GET", f"{BASE}/pulls")
        title = f"SHOP-{number} Sell more"
        times = {"created_at": ago(4), "merged_at": ago(2), "closed_at": ago(2), "updated_at": ago(2)}
        plain = {"id": number, "node_id": f"PR_{number}", "number": number, "state": "closed", "title": title}
        made: dict[str, Any] = {"user": hub.person("ann"), "body": None, "labels": [], "requested_teams": []}
        ends = {"head": {**known["head"], "ref": "more", "sha": head}, "base": {**known["base"], "ref": "main"}}
        pull = {**known, **plain, **times, **made, **ends, **own}
        hub.told[f"{BASE}/pulls"].append(pull)
        oid = numbered(number, "b")
        hub.nodes[pull["node_id"]] = {
            "id": pull["node_id"],
            "number": number,
            "headRefOid": head,
            "mergeCommit": {"oid": oid},
        }
        (seen,) = hub.described.answer("GET", f"{BASE}/pulls/{number}/reviews")
        reviewed = {"user": hub.person(str(by)), "commit_id": head, "submitted_at": ago(2 + review)}
        hub.told[f"{BASE}/pulls/{number}/reviews"] = [{**seen, **reviewed}] if by else []
        run = {"id": number, "name": "test", "status": "completed", "conclusion": conclusion, "completed_at": ago(3)}
        hub.told[f"{BASE}/commits/{head}/check-runs"] = {"total_count": 1, "check_runs": [run]}
        committed(stage, oid, f"{title} (#{number})")

    return make


def emergency(stage: GithubStage) -> None:
    """Merged without a review, which came a day later."""
    (known,) = stage.hub.described.answer("GET", f"{BASE}/pulls")
    label = {**known["labels"][0], "name": "emergency-change"}
    merged(review=-1, labels=[label])(stage)


def unchecked(stage: GithubStage) -> None:
    merged()(stage)
    stage.hub.told[f"{BASE}/commits/{numbered(12)}/check-runs"] = {"total_count": 0, "check_runs": []}


def pushed(*pulls: dict[str, Any]) -> Make:
    """A commit that names no pull request, and those that GitHub knows it by."""

    def make(stage: GithubStage) -> None:
        committed(stage, numbered(9, "c"), "Fix in place")
        stage.hub.told[f"{BASE}/commits/{numbered(9, 'c')}/pulls"] = list(pulls)

    return make


def full_page(stage: GithubStage) -> None:
    """As many closed pull requests as are read at first, all of them touched today."""
    (known,) = stage.hub.described.answer("GET", f"{BASE}/pulls")
    own: dict[str, Any] = {"state": "closed", "merged_at": None, "updated_at": ago(0.5), "requested_teams": []}
    stage.hub.told[f"{BASE}/pulls"] = [{**known, **own, "number": number, "id": number} for number in range(100)]


def many(without: int) -> Make:
    """Ten merges, so many of them without a ticket."""
    return both(*(merged(one, title="Sell more" if one <= without else f"SHOP-{one}") for one in range(1, 11)))


def signed(good: int, every: int) -> Make:
    """So many commits, so many of them verified."""

    def make(stage: GithubStage) -> None:
        for one in range(every):
            committed(stage, numbered(one), f"Sell more (#{one})", is_verified=one < good)

    return make


def allowed(**own: Any) -> Make:
    """Which actions may run."""
    chosen = {"enabled": True, "allowed_actions": "selected", "sha_pinning_required": True, **own}
    return told("actions/permissions", chosen)


def attested(stage: GithubStage) -> None:
    """The latest release has a file whose build GitHub vouches for."""
    asset = {"id": 1, "name": "shop.whl", "digest": f"sha256:{'0' * 64}"}
    stage.hub.told[f"{BASE}/releases/latest"] = {"id": 9, "tag_name": "v1", "assets": [asset]}
    found = {"attestations": [{"repository_id": 1296269, "bundle": {}, "bundle_url": "https://example.com/b"}]}
    stage.hub.told[f"{BASE}/attestations/{asset['digest']}"] = found


def environment(*rules: str, name: str = "production", protected: bool | None = None) -> Make:
    """An environment with these rules; only protected branches, or some others, deploy to it."""
    policy = None if protected is None else {"protected_branches": protected, "custom_branch_policies": not protected}
    kinds = [*rules, *([] if policy is None else ["branch_policy"])]
    found = {"id": 5, "name": name, "deployment_branch_policy": policy}
    own = {**found, "protection_rules": [{"id": number, "type": kind} for number, kind in enumerate(kinds, 1)]}
    return told("environments", {"total_count": 1, "environments": [own]})


def folder(*names: str) -> Make:
    """What stands in the root of the repository."""
    return told("contents/", [{"name": one, "path": one, "type": "file", "sha": "d" * 40} for one in names])


def alert(kind: str, days: float, severity: str) -> Make:
    """An open alert, so many days old."""

    def make(stage: GithubStage) -> None:
        known = stage.hub.described.answer("GET", f"{ABOVE}/{kind}/alerts")
        found = next(one for one in known if one["state"] == "open")
        where = {**found["repository"], "full_name": SHOP, "name": "shop"}
        if kind == "dependabot":
            own = {"security_advisory": {**found["security_advisory"], "severity": severity}}
            # GitHub's own example has a text where its description demands a number.
            own["security_advisory"]["epss"] = {"percentage": 0.00045, "percentile": 0.16}
        else:
            own = {"rule": {**found["rule"], "security_severity_level": severity}}
        new = {**found, **own, "number": 3, "created_at": ago(days), "repository": where}
        stage.hub.told[f"{ABOVE}/{kind}/alerts"] = [new]

    return make


NO_SCANNING = told("code-scanning/default-setup", {"state": "not-configured"})
NO_ALERTS = told("vulnerability-alerts", Answered({"message": "Vulnerability alerts are disabled."}, 404))
SANDBOX = shop(topics=["sandbox"])

BRANCHES = (
    Changed("CW-CHG-01", PASS, SHOP, "1 reviews, required checks", nothing),
    Changed("CW-CHG-01", PASS, SHOP, "1 reviews", both(told(BRANCH, NOT_PROTECTED), told(RULES, RULESET))),
    Changed(
        "CW-CHG-01",
        WARNING,
        SHOP,
        "administrators are exempt",
        protection(enforce_admins={"url": "https://api.github.com/x", "enabled": False}),
    ),
    Changed("CW-CHG-01", WARNING, SHOP, "main is not protected", both(told(BRANCH, NOT_PROTECTED), SANDBOX)),
    Changed("CW-CHG-01", FAIL, SHOP, "main is not protected", told(BRANCH, NOT_PROTECTED)),
    Changed("CW-CHG-01", FAIL, SHOP, "0 of 1 reviews", protection(required_pull_request_reviews=None)),
    Changed("CW-CHG-01", FAIL, SHOP, "no required check", protection(required_status_checks=None)),
    Changed("CW-CHG-01", FAIL, SHOP, "force push allowed", protection(allow_force_pushes={"enabled": True})),
    Changed("CW-CHG-01", NOTHING, "", "", archived),
    Changed("CW-CHG-01", UNASSESSED, "", "", told(BRANCH, UPGRADE)),
    Changed("CW-CHG-01", ERROR, "", "", refused(BRANCH)),
)
MERGES = (
    Changed("CW-CHG-02", PASS, f"{SHOP}#12", "approved by bob", merged()),
    Changed(
        "CW-CHG-02", PASS, f"{SHOP}@{numbered(9, 'c')}", "part of a merged", pushed({"number": 1, "merged_at": ago(9)})
    ),
    Changed("CW-CHG-02", WARNING, f"{SHOP}#12", "an emergency, reviewed by bob", emergency),
    Changed("CW-CHG-02", FAIL, f"{SHOP}#12", "without an approval", merged(by=None)),
    Changed("CW-CHG-02", FAIL, f"{SHOP}#12", "without an approval", merged(by="ann")),
    Changed("CW-CHG-02", FAIL, f"{SHOP}#12", "reviewed too late", merged(review=-1)),
    Changed("CW-CHG-02", FAIL, f"{SHOP}#12", "not green: test", merged(conclusion="failure")),
    Changed("CW-CHG-02", FAIL, f"{SHOP}#12", "no check ran", unchecked),
    Changed("CW-CHG-02", FAIL, f"{SHOP}@{numbered(9, 'c')}", "pushed without", pushed()),
    Changed("CW-CHG-02", NOTHING, "", "", nothing),
    Changed("CW-CHG-02", ERROR, "", "", both(merged(), refused("pulls/12/reviews"))),
    Changed("CW-CHG-04", PASS, f"{SHOP}#12", "linked to SHOP-12", merged()),
    Changed("CW-CHG-04", PASS, f"{SHOP}#12", "linked to an issue", merged(title="Sell more", body="Fixes #7")),
    Changed("CW-CHG-04", WARNING, f"{SHOP}#1", "90.0%", many(without=1)),
    Changed("CW-CHG-04", FAIL, f"{SHOP}#1", "80.0%", many(without=2)),
    Changed("CW-CHG-04", NOTHING, "", "", nothing),
    Changed("CW-CHG-04", ERROR, "", "", refused("pulls")),
    Changed("CW-CHG-04", ERROR, "", "", full_page),
)
BUILDS = (
    Changed("CW-CHG-03", PASS, SHOP, "2 of 2 commits verified", signed(2, 2)),
    Changed(
        "CW-CHG-03",
        PASS,
        SHOP,
        "signatures are required",
        both(signed(0, 1), protection(required_signatures={"url": "https://api.github.com/x", "enabled": True})),
    ),
    Changed("CW-CHG-03", PASS, SHOP, "selected; attestations of the latest release: 1", attested),
    Changed("CW-CHG-03", PASS, SHOP, "no actions run", told("actions/permissions", {"enabled": False})),
    Changed("CW-CHG-03", WARNING, SHOP, "19 of 20 commits verified", signed(19, 20)),
    Changed("CW-CHG-03", WARNING, SHOP, "not pinned", allowed(sha_pinning_required=False)),
    Changed("CW-CHG-03", FAIL, SHOP, "18 of 20 commits verified", signed(18, 20)),
    Changed("CW-CHG-03", FAIL, SHOP, "actions allowed: all", allowed(allowed_actions="all")),
    Changed("CW-CHG-03", NOTHING, "", "", archived),
    Changed("CW-CHG-03", UNASSESSED, "", "", told(BRANCH, UPGRADE)),
    Changed("CW-CHG-03", ERROR, "", "", refused("actions/permissions")),
    Changed(
        "CW-CHG-05", PASS, f"{SHOP}:production", "required reviewers", environment("required_reviewers", protected=True)
    ),
    Changed("CW-CHG-05", WARNING, f"{SHOP}:production", "wait_timer; every branch deploys", environment("wait_timer")),
    Changed("CW-CHG-05", WARNING, f"{SHOP}:production", "some branches deploy", environment(protected=False)),
    Changed("CW-CHG-05", WARNING, f"{SHOP}:production", "every branch deploys", environment("required_reviewers")),
    Changed("CW-CHG-05", FAIL, f"{SHOP}:production", "no rules", environment()),
    Changed("CW-CHG-05", NOTHING, "", "", environment(name="staging")),
    Changed("CW-CHG-05", ERROR, "", "", refused("environments")),
)
SERVICES = (
    Changed("CW-PIN-01", PASS, SHOP, "openapi.yaml", nothing),
    Changed("CW-PIN-01", WARNING, SHOP, "not changed for 365 days", shop(pushed_at=ago(366))),
    Changed("CW-PIN-01", FAIL, SHOP, "no definition", folder("README.md")),
    Changed("CW-PIN-01", FAIL, SHOP, "without review", protection(required_pull_request_reviews=None)),
    Changed("CW-PIN-01", NOTHING, "", "", shop(fork=True)),
    Changed("CW-PIN-01", NOTHING, "", "", told("contents/", Answered({"message": "This repository is empty."}, 404))),
    Changed("CW-PIN-01", UNASSESSED, "", "", told(BRANCH, UPGRADE)),
    Changed("CW-PIN-01", ERROR, "", "", refused("contents/")),
    Changed("CW-VUL-02", PASS, SHOP, "dependencies and code scanned", nothing),
    Changed("CW-VUL-02", PASS, f"{SHOP}/dependabot/3", "high open for 24 days", alert("dependabot", 24, "high")),
    Changed(
        "CW-VUL-02", PASS, SHOP, "dependencies and code scanned", both(NO_SCANNING, alert("code-scanning", 1, "low"))
    ),
    Changed("CW-VUL-02", WARNING, f"{SHOP}/dependabot/3", "high open for 25 days", alert("dependabot", 25, "high")),
    Changed("CW-VUL-02", WARNING, f"{SHOP}/code-scanning/3", "medium open", alert("code-scanning", 91, "medium")),
    Changed("CW-VUL-02", WARNING, SHOP, "code not scanned", both(SANDBOX, NO_SCANNING)),
    Changed(
        "CW-VUL-02", FAIL, f"{SHOP}/dependabot/3", "critical open for 16 days", alert("dependabot", 16, "critical")
    ),
    Changed("CW-VUL-02", FAIL, SHOP, "dependencies and code not scanned", both(NO_ALERTS, NO_SCANNING)),
    Changed("CW-VUL-02", NOTHING, "", "", archived),
    Changed(
        "CW-VUL-02",
        UNASSESSED,
        "",
        "",
        told(
            "code-scanning/default-setup",
            Answered({"message": "Advanced Security must be enabled for this repository."}, 403),
        ),
    ),
    Changed("CW-VUL-02", ERROR, "", "", refused(f"{ABOVE}/dependabot/alerts")),
)
ROWS = (*BRANCHES, *MERGES, *BUILDS, *SERVICES)
