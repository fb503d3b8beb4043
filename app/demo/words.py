"""What the demo prints, and the operations it runs and offers."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from app.demo.state import DemoUser

ACCOUNTS = "query DemoAccounts { accounts(first: 100) { nodes { id name } } }"
CONNECT = """
mutation DemoConnect($input: ConnectAccountInput!) {
  connectAccount(input: $input) {
    ... on ConnectAccountSuccess { account { id } }
    ... on UserError { message }
  }
}
"""
SYNC = """
mutation DemoSync($input: SyncAccountInput!) {
  syncAccount(input: $input) { __typename }
}
"""
SIGN_IN = """mutation { signIn(input: {email: "EMAIL", password: "PASSWORD"}) {
  ... on SignInSuccess { session { accessToken } } ... on UserError { message } } }"""
COSTS = """query { costs(input: {first: "FIRST", until: "UNTIL", grain: MONTH, groupBy: [{dimension: PROVIDER}]}) {
  currency periods groups { values columns { amounts total } } } }"""
OWED = """query { allocatedCosts(input: {first: "FIRST", until: "UNTIL"}) {
    periods groups { label columns { amounts } } }
  costAnomalies(first: 5) { nodes { summary serviceName impact { amount } confidence } }
  budgets { nodes { name limit { amount } spent { amount } expected { amount } } } }"""
FINDINGS = """query { findings(first: 5, filter: {state: OPEN}) { totalCount
  nodes { severity title reason monthlySaving { amount currency } resource { name kind } } } }"""
CONTROLS = """query { soc2: complianceScore(framework: "soc2_tsc_2017") { ratio assessedRatio }
  pci: complianceScore(framework: "pci_dss_4_0_1") { ratio assessedRatio }
  checks(first: 5, filter: {statuses: [FAIL]}) { nodes { controlId judgedAt
    items { resource verdict observed expected } } } }"""
ENTER = """mutation { enterClients(input: {all: true, reason: "Looking around", minutes: 480}) {
  ... on EnterClientsSuccess { access { expiresAt } } ... on UserError { message } } }"""
ALERTS = """subscription { alertRaised {
  ... on AlertRaised { cursor alert { severity title message } } ... on StreamReset { cursor reason } } }"""


def greeting(url: str, users: Sequence[tuple[DemoUser, str]], today: date) -> Iterator[str]:
    """Where the demo is, who can sign in, and operations to paste."""
    yield f"\nThe demo answers at {url}/graphql (open it in a browser; stop with Ctrl-C).\n\nPeople who can sign in:"
    for user, password in users:
        yield f"  {user.email:<18} {password:<18} {user.name}"
    first, until = _last_months(today)
    email, password = users[1][0].email, users[1][1]
    yield "\nSign in:\n" + _indented(SIGN_IN.replace("EMAIL", email).replace("PASSWORD", password))
    yield '\nThen, with the header {"authorization": "Bearer <accessToken>"}:'
    for operation in (COSTS, OWED, FINDINGS, CONTROLS, ALERTS):
        yield "\n" + _indented(operation.replace("FIRST", first).replace("UNTIL", until))
    yield f"\n{users[0][0].email} sees its clients by name only, until it enters them for a while, on record:"
    yield "\n" + _indented(ENTER)
    yield f"\nOr watch alerts in another terminal:\n  cloudwatcher watch --url {url} --email {email}\n"


def _last_months(today: date) -> tuple[str, str]:
    """(first day of the month three months ago, tomorrow)."""
    months = today.year * 12 + today.month - 1 - 3
    return date(months // 12, months % 12 + 1, 1).isoformat(), (today + timedelta(days=1)).isoformat()


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
