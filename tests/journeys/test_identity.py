"""People and machines come, do things and go, seen from outside: real processes, a real mailbox, a real provider."""

import asyncio
import base64
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyotp
import pytest

from app.embedded.server import free_port
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.installation import Installation, Mailbox, Watcher, authority_of, installation, watching
from tests.fakes.mail_server import MailServer, mail_server
from tests.fakes.openid_peer import CLIENT_ID, CLIENT_SECRET, Browser, NoPeer, openid_peer
from tests.journeys.test_demo import left_behind

ANYBODY = "anonymous"
ADMIN, ADA, BO = "kim@example.com", "ada@example.com", "bo@gmail.com"
PASSWORD = "correct horse battery staple"
COMPANY = "Kim and Co"
# Somebody who comes with a token that was exchanged longer ago than this is taken for a thief (see refreshSession).
OVERLAP_SECONDS = 10
ENDS_WITHIN_SECONDS = 1.0
SESSION = "session { accessToken refreshToken }"
ALERTS = "{ alerts(first: 50) { nodes { id title state } } }"
MEMBERS = "query($text: String) { members(filter: {text: $text}) { nodes { id email role state } } }"
VIEWER = "{ viewer { user { id email } reach { role organization { name } } } }"
AUDIT = """
query($after: Cursor) { auditLog(first: 100, after: $after) {
  nodes { seq action actor target outcome reason } pageInfo { hasNextPage endCursor }
} }
"""
VERIFICATION = "{ auditVerification { isIntact problem brokenSeq lastSeq headHash } }"


@dataclass
class Phone:
    """An authenticator app whose owner never shows a code twice."""

    secret: str
    step: int = 0

    def code(self) -> str:
        """The next code that the server takes: it allows for half a minute either way."""
        totp = pyotp.TOTP(self.secret)
        now = totp.timecode(datetime.now(UTC))
        self.step = max(self.step + 1, now - 1)
        assert self.step <= now + 1, "more codes than time"
        return totp.generate_otp(self.step)


class Told(NamedTuple):
    """An entry of the audit log: people by their addresses; `ending` is its reason, or its outcome without one."""

    action: str
    target: str
    actor: str
    ending: str


@dataclass
class Story:
    """Who is signed in, and what the audit log has to tell of it in the end, in order."""

    place: Installation
    graph: Graph
    mailbox: Mailbox
    token: str = ""
    phone: Phone = field(default_factory=lambda: Phone(""))
    names: dict[str, str] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    measured: dict[str, float] = field(default_factory=dict)

    async def do(self, name: str, wanted: str, token: str | None = None, /, *, also: str = "", **fields: Any) -> Any:
        """What the mutation answers with."""
        noun = name[0].upper() + name[1:]
        query = (
            f"mutation($input: {noun}Input!) {{ {name}(input: $input) {{ __typename "
            f"... on {noun}Success {{ {wanted} }} ... on UserError {{ message code }} {also} }} }}"
        )
        answer = (await self.graph.ask(query, token, input=fields))[name]
        assert answer["__typename"] == f"{noun}Success" or also, answer
        return answer

    async def code_of(self, query: str, token: str, **variables: Any) -> str:
        """The code of the error that a request is refused with."""
        return str((await self.graph.refused(query, token, **variables))[0]["extensions"]["code"])

    def tells(self, action: str, target: str, actor: str = ADMIN, ending: str = "DONE") -> None:
        self.told.append(Told(action, target, actor, ending))

    async def know(self, email: str, token: str) -> None:
        """Note by which name the audit log calls somebody."""
        user = (await self.graph.ask("{ viewer { user { id } } }", token))["viewer"]["user"]
        kind, _, hexadecimal = base64.urlsafe_b64decode(user["id"] + "==").decode().partition(":")
        assert kind == "User"
        self.names[f"user:{hexadecimal}"] = email

    async def member(self, email: str) -> dict[str, Any]:
        (found,) = (await self.graph.ask(MEMBERS, self.token, text=email))["members"]["nodes"]
        return dict(found)

    async def raise_alert(self, name: str) -> None:
        """Ask for an alert: a budget of less than what was spent is used up at once."""
        fields = {"name": name, "amount": "1", "currency": "USD", "thresholds": [100]}
        await self.do("createBudget", "budget { id }", self.token, **fields)
        self.tells("budget.create", "budget")


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def provider(port: int) -> Iterator[str | NoPeer]:
    """The issuer of a certified provider where Bo has an account, or why there is none."""
    accounts = {"bo": {"email": BO, "email_verified": True, "name": "Bo"}}
    redirect = f"http://127.0.0.1:{port}/auth/google/callback"
    try:
        with openid_peer([redirect], ["tenant"], accounts) as peer:
            yield peer.url
    except NoPeer as reason:
        yield reason


async def test_people_and_machines_come_act_and_go(
    tmp_path: Path, port: int, mail: MailServer, provider: str | NoPeer, subtests: pytest.Subtests
) -> None:
    variables = {
        "CLOUDWATCHER_WEB_PROCESSES": "2",  # who is taken out at one is connected to the other
        "CLOUDWATCHER_SMTP_URL": mail.url,
        "SSL_CERT_FILE": str(authority_of(mail, tmp_path)),
    }
    if isinstance(provider, str):
        google = {"CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET, "ISSUER": provider}
        variables |= {f"CLOUDWATCHER_GOOGLE_{name}": value for name, value in google.items()}
    started = time.monotonic()
    async with (
        installation(tmp_path, port, **variables) as place,
        Graph.connected(place.address) as graph,
    ):
        story = Story(place, graph, Mailbox(mail))
        story.measured["until everything answers"] = time.monotonic() - started
        await somebody_registers_and_opens_the_account(story)
        await sets_up_an_authenticator_app(story)
        await signs_out_and_in_again_with_both_factors(story)
        await imports_what_was_spent(story)
        async with watching(place.address, story.token) as admin:
            await a_colleague_is_removed_while_alerts_come(story, admin)
            await a_stolen_refresh_token_gives_the_thief_away(story)
            with subtests.test("sign-in through a provider"):
                if isinstance(provider, NoPeer):
                    pytest.skip(f"needs the certified provider: {provider}")
                await a_member_signs_in_through_the_provider(story)
            await a_machine_works_until_its_key_is_revoked(story, admin)
            await a_member_is_set_aside(story)
            await the_owner_sees_everything_in_the_audit_log(story)
            assert admin.closed_at is None, "the administrator's own socket stays open through all of it"
    story.measured["all of it"] = time.monotonic() - started
    assert left_behind(tmp_path) == []
    for what, seconds in story.measured.items():
        print(f"{what}: {seconds:.3f} s")


async def somebody_registers_and_opens_the_account(story: Story) -> None:
    fields = {"email": ADMIN, "password": PASSWORD, "name": "Kim", "organizationName": COMPANY}
    first = await story.do("register", "sentTo", **fields)
    proof = {"token": await story.mailbox.code(ADMIN), "password": PASSWORD}
    opened = await story.do("verifyEmail", SESSION, **proof)
    again = await story.do("register", "sentTo", **fields | {"password": "seven violet teapots drift"})
    letters = await story.mailbox.subjects(ADMIN, 2)
    story.token = opened["session"]["accessToken"]
    await story.know(ADMIN, story.token)
    story.tells("user.verify_email", ADMIN)
    story.tells("user.verify_email", "session")

    viewer = (await story.graph.ask(VIEWER, story.token))["viewer"]
    assert again == first == {"__typename": "RegisterSuccess", "sentTo": ADMIN}
    assert len(set(letters)) == 2, "only the mail says whether there is an account"
    assert viewer["reach"] == [{"role": "ADMIN", "organization": {"name": COMPANY}}]


async def sets_up_an_authenticator_app(story: Story) -> None:
    start = "mutation { startTotpEnrolment { ... on StartTotpEnrolmentSuccess { enrolment { secret } } } }"
    enrolment = (await story.graph.ask(start, story.token))["startTotpEnrolment"]["enrolment"]
    story.phone = Phone(enrolment["secret"])
    confirmed = await story.do("confirmTotpEnrolment", "recoveryCodes", story.token, code=story.phone.code())
    story.tells("factor.start_totp", ADMIN)
    story.tells("factor.confirm_totp", ADMIN)

    assert len(confirmed["recoveryCodes"]) == 10


async def signs_out_and_in_again_with_both_factors(story: Story) -> None:
    await story.do("signOut", "ended", story.token)
    after = await story.code_of(ALERTS, story.token)
    asked = await story.do(
        "signIn", SESSION, also="... on SecondFactorRequired { challenge methods }", email=ADMIN, password=PASSWORD
    )
    proof = {"challenge": asked["challenge"], "proof": {"totpCode": story.phone.code()}}
    story.token = (await story.do("completeSignIn", SESSION, **proof))["session"]["accessToken"]
    story.tells("session.sign_out", ADMIN)
    story.tells("user.sign_in", ADMIN, ANYBODY)  # who has a password alone is nobody yet
    story.tells("user.complete_sign_in", "session")

    assert after == "UNAUTHENTICATED"
    assert (asked["__typename"], "TOTP" in asked["methods"]) == ("SecondFactorRequired", True)
    assert (await story.graph.ask(VIEWER, story.token))["viewer"]["user"]["email"] == ADMIN


async def imports_what_was_spent(story: Story) -> None:
    """1.25 USD today: so every budget of 1 USD is used up."""
    today = datetime.now(UTC).date()
    month, after = today.replace(day=1), (today.year + today.month // 12, today.month % 12 + 1)
    spent = focus_row(
        BilledCost="1.25",
        BillingPeriodStart=f"{month}T00:00:00Z",
        BillingPeriodEnd=f"{after[0]}-{after[1]:02d}-01T00:00:00Z",
        ChargePeriodStart=f"{today}T00:00:00Z",
        ChargePeriodEnd=f"{today}T12:00:00Z",
    )
    bill = write_csv(story.place.folder / "bill.csv", [spent])
    code, printed = await story.place.run("import-costs", "--organization", COMPANY, str(bill))

    assert code == 0, printed
    story.tells("costs.import", "costload", "operator")


async def joined(story: Story, email: str, name: str) -> dict[str, Any]:
    """The session of somebody new who was invited by mail."""
    await story.do("invite", "invitation { id }", story.token, email=email, role="CLIENT_VIEWER")
    fields = {"token": await story.mailbox.code(email), "name": name, "password": PASSWORD}
    accepted = await story.do("acceptInvitation", "joined { session { accessToken refreshToken } }", **fields)
    session: dict[str, Any] = accepted["joined"]["session"]
    await story.know(email, session["accessToken"])
    story.tells("invitation.create", "invitation")
    story.tells("invitation.accept", "invitation", email)
    story.tells("invitation.accept", "session", email)
    return session


async def a_colleague_is_removed_while_alerts_come(story: Story, admin: Watcher) -> None:
    ada = (await joined(story, ADA, "Ada"))["accessToken"]
    member = await story.member(ADA)
    changed = await story.do("changeRole", "member { role }", story.token, memberId=member["id"], role="USER")
    story.tells("member.change_role", "member")
    async with watching(story.place.address, ada) as watcher:
        await story.raise_alert("before")
        await asyncio.gather(watcher.until("before"), admin.until("before"))
        (alert,) = (await story.graph.ask(ALERTS, ada))["alerts"]["nodes"]
        taken = await story.do("acknowledgeAlert", "alert { state }", ada, alertId=alert["id"])
        story.tells("alert.acknowledge", "alert", ADA)
        asked = time.monotonic()
        await story.do("removeMember", "removedId", story.token, memberId=member["id"])
        answered = time.monotonic()
        story.tells("member.remove", "member")
        await story.raise_alert("after")
        await admin.until("after")
        closed = await watcher.until_closed()
        late = [title for at, title in watcher.came if at > answered]
    story.measured["removal until the socket was closed, from the request"] = closed - asked
    story.measured["removal until the socket was closed, from the answer"] = closed - answered

    assert (member["role"], changed["member"]["role"]) == ("CLIENT_VIEWER", "USER")
    assert taken["alert"]["state"] == "ACKNOWLEDGED"
    assert closed - answered < ENDS_WITHIN_SECONDS
    assert (watcher.close_code, late) == (4403, [])
    assert not watcher.has("after")
    assert await story.code_of(ALERTS, ada) == "FORBIDDEN"


async def a_stolen_refresh_token_gives_the_thief_away(story: Story) -> None:
    stolen = await joined(story, BO, "Bo")
    own = (await story.do("refreshSession", SESSION, refreshToken=stolen["refreshToken"]))["session"]
    exchanged = time.monotonic()
    refresh = "mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { __typename } }"
    async with watching(story.place.address, own["accessToken"]) as watcher:
        await story.graph.ask(ALERTS, own["accessToken"])
        await asyncio.sleep(OVERLAP_SECONDS + 0.5 - (time.monotonic() - exchanged))
        asked = time.monotonic()
        thief = await story.code_of(refresh, "", input={"refreshToken": stolen["refreshToken"]})
        closed = await watcher.until_closed()
    story.measured["theft until the socket was closed"] = closed - asked
    owner = await story.code_of(refresh, "", input={"refreshToken": own["refreshToken"]})
    story.tells("session.refresh", BO, ANYBODY, "TOKEN_REUSED")

    assert (thief, owner) == ("UNAUTHENTICATED", "UNAUTHENTICATED")
    assert (watcher.close_code, closed - asked < ENDS_WITHIN_SECONDS) == (4403, True)
    assert await story.code_of(ALERTS, own["accessToken"]) == "UNAUTHENTICATED"
    assert await story.code_of(ALERTS, stolen["accessToken"]) == "UNAUTHENTICATED"


async def a_member_signs_in_through_the_provider(story: Story) -> None:
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    program = {"next": "http://127.0.0.1:49152/done", "code_challenge": challenge, "state": "mine"}
    arrived = await Browser(story.place.address).sign_in("google", "bo", **program)
    exchanged = await story.do("exchangeSignInCode", SESSION, code=arrived["code"], codeVerifier=verifier)
    story.tells("user.sign_in", "identity", BO)
    story.tells("user.sign_in", "session", BO)

    viewer = (await story.graph.ask(VIEWER, exchanged["session"]["accessToken"]))["viewer"]
    assert (arrived[""], arrived["state"]) == ("http://127.0.0.1:49152/done", "mine")
    assert viewer["user"]["email"] == BO
    assert viewer["reach"] == [{"role": "CLIENT_VIEWER", "organization": {"name": COMPANY}}]


async def a_machine_works_until_its_key_is_revoked(story: Story, admin: Watcher) -> None:
    again = await story.do(
        "reauthenticate", "session { authenticatedAt methods }", story.token, totpCode=story.phone.code()
    )
    fields = {"name": "ci", "permissions": ["alerts:read"]}
    account = (await story.do("createServiceAccount", "serviceAccount { id }", story.token, **fields))["serviceAccount"]
    issued = "issued { secret apiKey { id } }"
    key = (await story.do("createApiKey", issued, story.token, serviceAccountId=account["id"], name="first"))["issued"]
    story.tells("session.reauthenticate", "session")
    story.tells("service_account.create", "service_account")
    story.tells("api_key.create", "api_key")
    seen = (await story.graph.ask(ALERTS, key["secret"]))["alerts"]["nodes"]
    other = await story.code_of("{ budgets { nodes { id } } }", key["secret"])
    async with watching(story.place.address, key["secret"]) as watcher:
        await story.raise_alert("machine")
        await asyncio.gather(watcher.until("machine"), admin.until("machine"))
        asked = time.monotonic()
        await story.do("revokeApiKey", "apiKey { revokedAt }", story.token, id=key["apiKey"]["id"])
        closed = await watcher.until_closed()
    story.tells("api_key.revoke", "api_key")
    story.measured["revocation of the key until the socket was closed"] = closed - asked

    assert "TOTP" in again["session"]["methods"]
    assert (len(seen), other) == (2, "FORBIDDEN")
    assert (watcher.close_code, closed - asked < ENDS_WITHIN_SECONDS) == (4403, True)
    assert await story.code_of(ALERTS, key["secret"]) == "UNAUTHENTICATED"


async def a_member_is_set_aside(story: Story) -> None:
    session = (await story.do("signIn", SESSION, email=BO, password=PASSWORD))["session"]
    story.tells("user.sign_in", "session", BO)
    member = await story.member(BO)
    async with watching(story.place.address, session["accessToken"]) as watcher:
        await story.graph.ask(ALERTS, session["accessToken"])
        asked = time.monotonic()
        aside = await story.do("deactivateMember", "member { state }", story.token, memberId=member["id"])
        closed = await watcher.until_closed()
    story.tells("member.deactivate", "member")
    story.measured["deactivation until the socket was closed"] = closed - asked

    assert (member["state"], aside["member"]["state"]) == ("ACTIVE", "DEACTIVATED")
    assert (watcher.close_code, closed - asked < ENDS_WITHIN_SECONDS) == (4403, True)
    assert await story.code_of(ALERTS, session["accessToken"]) == "FORBIDDEN"
    fresh = (await story.do("refreshSession", SESSION, refreshToken=session["refreshToken"]))["session"]
    assert await story.code_of(ALERTS, fresh["accessToken"]) == "FORBIDDEN"


async def audit_log(story: Story) -> list[dict[str, Any]]:
    """Everything, oldest first."""
    entries, after = [], None
    while True:
        page = (await story.graph.ask(AUDIT, story.token, after=after))["auditLog"]
        entries += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return sorted(entries, key=lambda entry: entry["seq"])
        after = page["pageInfo"]["endCursor"]


def seen(story: Story, entry: dict[str, Any]) -> Told:
    """Who did what to whom, or to what kind of thing, as the story tells it."""
    kind = entry["target"].partition(":")[0]
    target, actor = story.names.get(entry["target"], kind), story.names.get(entry["actor"], entry["actor"])
    return Told(entry["action"], target, actor, entry["reason"] or entry["outcome"])


async def the_owner_sees_everything_in_the_audit_log(story: Story) -> None:
    entries = await audit_log(story)
    verified = (await story.graph.ask(VERIFICATION, story.token))["auditVerification"]
    code, printed = await story.place.run(
        "verify", "--organization", COMPANY, "--known", f"{verified['lastSeq']}:{verified['headHash']}"
    )

    assert [seen(story, entry) for entry in entries] == story.told
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert (verified["isIntact"], verified["problem"], verified["brokenSeq"]) == (True, None, None)
    assert code == 0, printed
    assert f"{COMPANY}: intact. {len(entries)} entries from 1 to {len(entries)}" in printed
