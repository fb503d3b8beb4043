"""What is changed in who has access to a GitHub organization, and what the controls must then say of it."""

from datetime import timedelta

from domain.compliance.access_reviews import OPERATION as REVIEWED
from domain.controls.cw_ven_01 import REGISTER
from domain.facts.access_review import AccessDecision
from domain.facts.compliance import CheckStatus
from tests.factories.github_stage import (
    REFUSED,
    SHOP,
    GithubStage,
    Make,
    archived,
    organization,
    refused,
    shop,
    told,
)
from tests.factories.judged_change import Changed, both, nothing
from tests.fakes.collecting import NOW
from tests.fakes.github_hub import ABOVE, BASE, NOT_FOUND, NUMBER, ago
from tests.fakes.scripted import Answered

PASS, WARNING, FAIL, ERROR = CheckStatus.PASS, CheckStatus.WARNING, CheckStatus.FAIL, CheckStatus.ERROR
NOTHING, UNASSESSED = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
KEEP, REVOKE = AccessDecision.KEEP, AccessDecision.REVOKE
TOKENS, INSTALLED = f"{ABOVE}/personal-access-tokens", f"{ABOVE}/installations"
ALERTS, ORGANIZATION_SECRETS = f"{ABOVE}/secret-scanning/alerts", f"{ABOVE}/actions/secrets"


def of(**roles: str) -> Make:
    """The people of the organization, by role."""
    return lambda stage: setattr(stage.hub, "members", roles)


def unsafe(login: str) -> Make:
    """This one has no second factor."""
    return lambda stage: stage.hub.unsafe.add(login)


def plan(name: str) -> Make:
    return lambda stage: stage.hub.told[ABOVE]["plan"].update(name=name)


def linked(**names: str) -> Make:
    """Single sign-on is set, and has linked these members."""
    return lambda stage: setattr(stage.hub, "linked", names)


def left(days: float) -> Make:
    """Cem has left, as the directory says; Ann and Bob are there."""

    def make(stage: GithubStage) -> None:
        stage.is_directory_connected = True
        linked(ann="ann@example.com", bob="bob@example.com", cem="cem@example.com")(stage)
        for name in ("ann", "bob"):
            stage.directory.add_user(name)
        stage.directory.add_user("cem", status="DEPROVISIONED", statusChanged=ago(days))

    return make


def token(days: float | None, *, is_expired: bool = False) -> Make:
    """A personal token that ends in so many days, or never."""
    ends = None if days is None else ago(-days)
    own = {"token_name": "ci", "token_expired": is_expired, "token_expires_at": ends, "token_last_used_at": ago(1)}
    found = {"id": 25, "token_id": 98716, "owner": {"login": "ann", "id": 1}, "repository_selection": "all", **own}
    return told(TOKENS, [{**found, "permissions": {}, "access_granted_at": ago(30)}])


def deploy_key(days: float, *, is_read_only: bool = True) -> Make:
    own = {"id": 7, "title": "deploy", "key": "ssh-ed25519 AAAA", "verified": True, "last_used": ago(1)}
    return told("keys", [{**own, "read_only": is_read_only, "created_at": ago(days), "added_by": "ann"}])


def secret(name: str, days: float, path: str = "actions/secrets") -> Make:
    """A secret of Actions, changed so many days ago."""
    found = {"name": name, "created_at": ago(400), "updated_at": ago(days)}
    return told(path, {"total_count": 1, "secrets": [found]})


def reviewed(*rows: tuple[str, str, AccessDecision]) -> Make:
    """What the last review has decided: of which repository or "", of whom, and what."""

    def make(stage: GithubStage) -> None:
        plain = {"campaign": "Q4", "integration": "GITHUB", "account": NUMBER, "decided_at": NOW, "listed_at": NOW}
        decided = [{"thing": thing, "person": person, "decision": one.value} for thing, person, one in rows]
        stage.own[REVIEWED] = [{**plain, **one} for one in decided]

    return make


def collaborator(stage: GithubStage) -> None:
    """Dan, who is from outside, may write to the repository."""
    (known,) = stage.hub.described.answer("GET", f"{BASE}/collaborators")
    stage.hub.told[f"{BASE}/collaborators"] = [{**known, "login": "dan"}]


def app(*approved: str, days: float = 30, suspended: str | None = None, is_listed: bool = True) -> Make:
    """An installed app, changed so many days ago, and what the register of vendors approves for it."""

    def make(stage: GithubStage) -> None:
        known = stage.hub.described.answer("GET", INSTALLED)
        own = {"app_slug": "ci-bot", "permissions": {"contents": "write"}, "updated_at": ago(days)}
        (found,) = known["installations"]
        (who,) = stage.hub.described.answer("GET", f"{ABOVE}/members")
        stopped = {"suspended_at": suspended, "suspended_by": who if suspended else None}
        stage.hub.told[INSTALLED] = {"total_count": 1, "installations": [{**found, **own, **stopped}]}
        row = {"vendor": "CI", "integration": "GITHUB", "app": "CI-Bot", "permissions": list(approved)}
        stage.own[REGISTER] = [row] if is_listed else []

    return make


def empty_register(stage: GithubStage) -> None:
    stage.own[REGISTER] = []


def leaked(hours: float, validity: str = "active") -> Make:
    """A secret was found in the code so many hours ago."""

    def make(stage: GithubStage) -> None:
        (known,) = stage.hub.described.answer("GET", ALERTS)
        where = {**known["repository"], "full_name": SHOP, "name": "shop"}
        found = {"number": 3, "state": "open", "resolution": None, "resolved_at": None, "resolved_by": None}
        times = {"created_at": ago(hours / 24), "validity": validity, "repository": where}
        stage.hub.told[ALERTS] = [{**known, **found, **times}]

    return make


def scanning(**statuses: str) -> Make:
    """How the repository is scanned for secrets."""

    def make(stage: GithubStage) -> None:
        stage.hub.told[BASE]["security_and_analysis"] |= {name: {"status": one} for name, one in statuses.items()}

    return make


def without_settings(stage: GithubStage) -> None:
    stage.hub.told[BASE]["security_and_analysis"] = None


def judged_later(hours: float) -> Make:
    return lambda stage: setattr(stage, "later", timedelta(hours=hours))


OWN_KEY = "organization/secrets/AWS_SECRET_ACCESS_KEY"
OFF = Answered({"message": "Secret scanning is disabled on this repository."}, 404)
OUT, LINKED = organization(two_factor_requirement_enabled=False), linked(ann="ann@example.com")
PEOPLE = (
    Changed("CW-IAM-01", PASS, "user/1", "owner ann has", nothing),
    Changed("CW-IAM-01", FAIL, "user/1", "owner ann has no second factor", unsafe("ann")),
    Changed("CW-IAM-01", ERROR, "", "", refused(f"{ABOVE}/members")),
    Changed("CW-IAM-02", PASS, "user/3", "cem has a second factor", nothing),
    Changed("CW-IAM-02", WARNING, NUMBER, "a second factor is not required", OUT),
    Changed("CW-IAM-02", FAIL, "user/3", "cem has no second factor", unsafe("cem")),
    Changed("CW-IAM-02", ERROR, "", "", refused(f"{ABOVE}/members")),
    Changed("CW-IAM-03", PASS, NUMBER, "single sign-on is set", both(plan("enterprise"), LINKED)),
    Changed("CW-IAM-03", WARNING, NUMBER, "a second factor is required", plan("team")),
    Changed("CW-IAM-03", FAIL, NUMBER, "it is not set", plan("enterprise")),
    Changed("CW-IAM-03", FAIL, NUMBER, "no second factor is required", both(plan("team"), OUT)),
    Changed("CW-IAM-03", ERROR, "", "", refused("/graphql")),
    Changed("CW-IAM-07", PASS, NUMBER, "2 owners", nothing),
    Changed("CW-IAM-07", WARNING, NUMBER, "1 owners", of(ann="admin", cem="member")),
    Changed("CW-IAM-07", WARNING, NUMBER, "6 owners", of(**dict.fromkeys("abcdef", "admin"))),
    Changed("CW-IAM-07", FAIL, NUMBER, "may write", organization(default_repository_permission="write")),
    Changed("CW-IAM-07", ERROR, "", "", refused(f"{ABOVE}/members")),
    Changed("CW-IAM-09", PASS, "user/1", "ann has not left", left(9)),
    Changed("CW-IAM-09", WARNING, "user/3", "cem left 12 hours ago", left(0.5)),
    Changed("CW-IAM-09", WARNING, "user/3", "linked to nobody", both(left(9), linked(ann="ann@example.com"))),
    Changed("CW-IAM-09", FAIL, "user/3", "cem left 25 hours ago", left(25 / 24)),
    # Who is no member is shown no more than those who want to be seen.
    Changed("CW-IAM-09", NOTHING, "", "", both(left(9), of())),
    Changed("CW-IAM-09", UNASSESSED, "", "", LINKED),
    Changed("CW-IAM-09", ERROR, "", "", both(left(9), refused("/graphql"))),
    Changed("CW-IAM-10", PASS, f"{SHOP}/dan", "revoked, and gone", reviewed((SHOP, "dan", REVOKE))),
    Changed("CW-IAM-10", FAIL, f"{SHOP}/dan", "still there", both(collaborator, reviewed((SHOP, "dan", REVOKE)))),
    Changed("CW-IAM-10", FAIL, "organization/cem", "still there", reviewed(("", "cem", REVOKE))),
    Changed("CW-IAM-10", NOTHING, "", "", reviewed(("", "cem", KEEP))),
    Changed("CW-IAM-10", UNASSESSED, "", "", nothing),
    Changed("CW-IAM-10", ERROR, "", "", both(told("collaborators", REFUSED), reviewed((SHOP, "dan", REVOKE)))),
)
KEYS = (
    Changed("CW-IAM-05", PASS, "personal-access-token/25", "ci ends in 90 days", token(90)),
    Changed("CW-IAM-05", PASS, "personal-access-token/25", "ci has ended", token(-1, is_expired=True)),
    Changed("CW-IAM-05", PASS, "key/7", f"a key of {SHOP} to read, 10 days old", deploy_key(10)),
    Changed("CW-IAM-05", WARNING, "personal-access-token/25", "ci ends in 91 days", token(91)),
    Changed("CW-IAM-05", WARNING, "key/7", "to write", deploy_key(10, is_read_only=False)),
    Changed("CW-IAM-05", FAIL, "personal-access-token/25", "ci never ends", token(None)),
    Changed("CW-IAM-05", FAIL, "key/7", "91 days old", deploy_key(91)),
    Changed("CW-IAM-05", NOTHING, "", "", nothing),
    Changed("CW-IAM-05", ERROR, "", "", refused(TOKENS)),
    Changed("CW-IAM-11", PASS, f"{SHOP}/secrets/NPM_TOKEN", "not named", secret("NPM_TOKEN", 400)),
    Changed("CW-IAM-11", WARNING, f"{SHOP}/secrets/GCP_SA_KEY", "10 days old", secret("GCP_SA_KEY", 10)),
    Changed("CW-IAM-11", FAIL, OWN_KEY, "91 days old", secret("AWS_SECRET_ACCESS_KEY", 91, ORGANIZATION_SECRETS)),
    Changed("CW-IAM-11", NOTHING, "", "", nothing),
    Changed("CW-IAM-11", ERROR, "", "", refused("actions/secrets")),
    Changed("CW-DAT-05", PASS, SHOP, "push protection are on", nothing),
    Changed("CW-DAT-05", WARNING, SHOP, "push protection is off", scanning(secret_scanning_push_protection="disabled")),
    Changed("CW-DAT-05", WARNING, f"{SHOP}/secret-scanning/3", "no longer valid", leaked(999, "inactive")),
    Changed("CW-DAT-05", WARNING, f"{SHOP}/secret-scanning/3", "open for 3 hours", leaked(3)),
    Changed("CW-DAT-05", FAIL, SHOP, "secret scanning is off", scanning(secret_scanning="disabled")),
    Changed("CW-DAT-05", FAIL, SHOP, "secret scanning is off", without_settings),
    Changed("CW-DAT-05", FAIL, f"{SHOP}/secret-scanning/3", "open for 25 hours", leaked(25)),
    Changed("CW-DAT-05", FAIL, NUMBER, "not switched on", told(ALERTS, OFF)),
    Changed("CW-DAT-05", NOTHING, "", "", archived),
    Changed("CW-DAT-05", ERROR, "", "", refused(ALERTS)),
)
OTHERS = (
    Changed("CW-LOG-01", PASS, NUMBER, "read 0 minutes ago", nothing),
    Changed("CW-LOG-01", WARNING, NUMBER, "the plan has no audit log", told(f"{ABOVE}/audit-log", NOT_FOUND)),
    Changed("CW-LOG-01", WARNING, NUMBER, "read 120 minutes ago", judged_later(2)),
    Changed("CW-LOG-01", FAIL, NUMBER, "read 180 minutes ago", judged_later(3)),
    Changed("CW-LOG-01", ERROR, "", "", refused(f"{ABOVE}/audit-log")),
    Changed("CW-RSK-02", PASS, SHOP, "private, classified", nothing),
    Changed("CW-RSK-02", PASS, SHOP, "private, classified", shop(topics=[], custom_properties={"tier": "one"})),
    Changed("CW-RSK-02", WARNING, SHOP, "not classified", shop(topics=["web"], created_at=ago(6))),
    Changed("CW-RSK-02", FAIL, SHOP, "not classified", shop(topics=["web"], created_at=ago(8))),
    Changed("CW-RSK-02", FAIL, SHOP, "public", shop(visibility="public", private=False)),
    Changed("CW-RSK-02", NOTHING, "", "", archived),
    Changed("CW-RSK-02", ERROR, "", "", refused(f"{ABOVE}/repos")),
    Changed("CW-VEN-01", PASS, "ci-bot", "no wider than approved", app("contents:admin")),
    Changed("CW-VEN-01", PASS, "ci-bot", "suspended", app(suspended=ago(1), is_listed=False)),
    Changed("CW-VEN-01", WARNING, "ci-bot", "may contents:write", app("contents:read", days=6)),
    Changed("CW-VEN-01", FAIL, "ci-bot", "may contents:write", app("contents:read", days=8)),
    Changed("CW-VEN-01", FAIL, "ci-bot", "not on the register", app(is_listed=False)),
    Changed("CW-VEN-01", NOTHING, "", "", empty_register),
    Changed("CW-VEN-01", ERROR, "", "", both(empty_register, refused(INSTALLED))),
)
ROWS = (*PEOPLE, *KEYS, *OTHERS)
