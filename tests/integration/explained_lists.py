"""Every list of the graph with each filter it offers, for the tests that MongoDB explains itself to."""

from collections.abc import Iterator
from dataclasses import dataclass

FIRST = 20
ALLOCATION = ("allocationMonths", "allocationRules", "allocationRuns", "allocationTargets")
REGISTERS = (
    "accessReviews",
    "dataStores",
    "exercises",
    "incidentClocks",
    "privacyRequests",
    "publicPages",
    "risks",
    "vendors",
)
RELATED = {
    "alerts": "account { name } finding { title resource { name account { name } } }",
    "findings": "account { name } resource { name }",
    "jiraTasks": "account { name } alert { title }",
    "ticketRules": "account { name }",
    "checks": "account { name }",
    "remediations": "account { name } finding { title } policy { name }",
    "remediationPolicyRuns": "policy { name }",
    "controlExceptions": "account { name }",
    "checkHistory": "account { name }",
    "driftBaselines": "account { name }",
    "drifts": "account { name } resource { name }",
    "apiKeys": "serviceAccount { name }",
    "deliveries": "channel { name }",
    "eventEndpoints": "account { name }",
    "costSources": "account { name }",
    "receivedEvents": "endpoint { way }",
    "resources": "account { name }",
    "syncs": "account { name }",
    "integrationHealths": "account { name }",
    "resourceChanges": "resource { name } account { name } sync { state }",
}


@dataclass(frozen=True)
class Listing:
    """A list with a filter. `is_exact`: an index holds just the rows of this filter, in this order."""

    name: str
    arguments: str
    is_exact: bool = True

    def __str__(self) -> str:
        return f"{self.name} {self.arguments}".strip()

    def query(self, after: str | None) -> str:
        head = (
            f"first: {FIRST}{f', {self.arguments}' if self.arguments else ''}{f', after: {after!r}' if after else ''}"
        )
        node = f"id {RELATED.get(self.name, '')}"
        text = f"{{ {self.name}({head}) {{ nodes {{ {node} }} pageInfo {{ endCursor hasNextPage }} totalCount }} }}"
        return text.replace("'", '"')


def evidence_listings(days: str) -> Iterator[Listing]:
    for where in ('controlId: "CW-ACC-03"', 'account: "account 3"', "organizationId: ORG", days):
        yield Listing("evidenceRecords", f"filter: {{{where}}}")
    both = f'controlId: "CW-ACC-03", account: "account 13", {days}'
    yield Listing("evidenceRecords", f"filter: {{{both}}}", is_exact=False)
    yield Listing("evidenceCheckpoints", "organizationId: ORG")


def governance_listings() -> Iterator[Listing]:
    for where in ("states: [REQUESTED]", 'controlIds: ["CW-IAM-03"]', "organizationId: ORG"):
        yield Listing("controlExceptions", f"filter: {{{where}}}")
    for where in ("states: [OPEN]", "accountId: ACCOUNT", "organizationId: ORG"):
        yield Listing("drifts", f"filter: {{{where}}}")
    yield Listing("drifts", "filter: {states: [OPEN], accountId: ACCOUNT}", is_exact=False)
    yield Listing("driftBaselines", "organizationId: ORG")
    yield Listing("policies", "organizationId: ORG")
    yield Listing("policyVersions", "policyId: A_POLICY")
    for where in ("kinds: [PEN_TEST_REPORT]", "states: [SUBMITTED]", "organizationId: ORG"):
        yield Listing("attestations", f"filter: {{{where}}}")
    yield Listing("attestations", "filter: {kinds: [PEN_TEST_REPORT], states: [ACCEPTED, RETURNED]}", is_exact=False)
    for where in ('controlIds: ["CW-IAM-03"]', "userId: A_PERSON", "organizationId: ORG"):
        yield Listing("controlOwners", f"filter: {{{where}}}")
    both = 'controlIds: ["CW-IAM-03"], states: [APPROVED, REVOKED]'
    yield Listing("controlExceptions", f"filter: {{{both}}}", is_exact=False)


def remediation_listings() -> Iterator[Listing]:
    for where in ("states: [DONE]", 'ruleIds: ["aws-rule-3"]', "accountId: ACCOUNT", "organizationId: ORG"):
        yield Listing("remediations", f"filter: {{{where}}}")
    both = 'states: [DONE, UNDONE], ruleIds: ["aws-rule-3"]'
    yield Listing("remediations", f"filter: {{{both}}}", is_exact=False)
    yield Listing("remediationCalls", "remediationId: A_REMEDIATION")
    for where in ("organizationId: ORG", "policyId: A_MENDING_POLICY"):
        yield Listing("remediationPolicyRuns", where)
    yield Listing("remediationPolicies", "organizationId: ORG")


def listings() -> Iterator[Listing]:
    """Every list with each filter it offers, alone and in company."""
    for name in (
        "accounts",
        "alerts",
        *ALLOCATION,
        "attestations",
        "auditExports",
        "auditPacks",
        "costExports",
        "statements",
        "auditLog",
        "budgets",
        "businessMetrics",
        "commitmentTerms",
        "channels",
        "costAnomalies",
        "deliveries",
        "driftBaselines",
        "drifts",
        "controlExceptions",
        "controlOwners",
        "costSources",
        "customRoles",
        "eventEndpoints",
        "evidenceCheckpoints",
        "evidenceRecords",
        "findings",
        "forecastEvents",
        "groupRoles",
        "invitations",
        "maintenanceWindows",
        "jiraTasks",
        "members",
        "milestones",
        "policies",
        "providerAccesses",
        "remediationPolicies",
        "remediationPolicyRuns",
        "remediations",
        "resourceChanges",
        "resources",
        "routingRules",
        "serviceAccounts",
        "statusReports",
        "syncs",
        "ticketRules",
        "costLines",
        "costLoads",
        "costPeriods",
        "costViews",
        "exchangeRates",
        "identityProviders",
        "verifiedDomains",
    ):
        yield Listing(name, "")
    yield from people_listings()
    yield from check_listings()
    yield from register_listings()
    for name in (
        *ALLOCATION,
        "accounts",
        "costLoads",
        "costPeriods",
        "costViews",
        "exchangeRates",
        "forecastEvents",
        "maintenanceWindows",
        "milestones",
        "routingRules",
    ):
        yield Listing(name, "organizationId: ORG")
    yield Listing("apiKeys", "serviceAccountId: MACHINE")
    yield Listing("milestones", 'framework: "framework_3"')
    yield from governance_listings()
    yield from remediation_listings()
    yield Listing("budgetHistory", "budgetId: A_BUDGET")
    yield from live_listings()
    for where in ("states: [OPEN]", "organizationId: ORG"):
        yield Listing("alerts", f"filter: {{{where}}}")
    yield from alert_listings()
    yield from ticket_listings()
    for where in ("state: OPEN", "severities: [LOW]", "severities: [CRITICAL, LOW]", "organizationId: ORG"):
        yield Listing("findings", f"filter: {{{where}}}")
    for where in ('ruleIds: ["rule-7"]', "accountId: ACCOUNT", "state: OPEN, severities: [HIGH], organizationId: ORG"):
        yield Listing("findings", f"filter: {{{where}}}")
    rare = ("category: FINOPS", "accountId: ACCOUNT, state: OPEN", 'ruleIds: ["rule-7", "rule-8"], state: RESOLVED')
    for where in rare:
        yield Listing("findings", f"filter: {{{where}}}", is_exact=False)
    # Times the organizations these are more than MongoDB merges.
    rules = ", ".join(f'"rule-{number}"' for number in range(10))
    yield Listing("findings", f"filter: {{ruleIds: [{rules}]}}", is_exact=False)
    yield from finding_listings()
    yield from anomaly_listings()
    yield Listing("auditExports", "organizationId: ORG")
    yield Listing("auditPacks", "organizationId: ORG")
    yield Listing("costExports", "organizationId: ORG")
    yield Listing("statements", "organizationId: ORG")
    days = 'atFrom: "2026-01-01T00:00:01Z", atBefore: "2026-01-01T00:00:04Z"'
    for where in ('actor: "user:3"', 'action: "thing.do3"', 'target: "thing:3"', "organizationId: ORG", days):
        yield Listing("auditLog", f"filter: {{{where}}}")
    rare = ("outcomes: [REFUSED]", 'actor: "user:3", outcomes: [DONE, REFUSED]', f'action: "thing.do3", {days}')
    for where in (*rare, 'actor: "user:3", target: "thing:3"'):
        yield Listing("auditLog", f"filter: {{{where}}}", is_exact=False)
    yield from evidence_listings(days)
    yield Listing("resources", "accountId: ACCOUNT")
    yield Listing("resources", "kinds: [AWS_S3_BUCKET]")
    yield Listing("resources", "kinds: [AWS_S3_BUCKET, AWS_EC2_INSTANCE]", is_exact=False)
    yield Listing("resources", "accountId: ACCOUNT, kinds: [AWS_S3_BUCKET]", is_exact=False)
    yield from sync_listings()
    days = 'beginsFrom: "2026-01-05T00:00:00Z", beginsBefore: "2026-01-20T00:00:00Z"'
    yield Listing("costLines", f"filter: {{{days}}}")
    yield Listing("costLines", f"filter: {{sign: POSITIVE, {days}}}", is_exact=False)
    for where in ('subAccountIds: ["account 1"]', 'serviceNames: ["service 1"]', 'resourceIds: ["resource 5"]'):
        yield Listing("costLines", f"filter: {{{where}, {days}}}", is_exact=False)


def check_listings() -> Iterator[Listing]:
    """Checks of controls."""
    for name in ("checks", "controlStates"):
        yield Listing(name, "")
        for where in ("statuses: [FAIL]", "organizationId: ORG"):
            yield Listing(name, f"filter: {{{where}}}")
        yield Listing(name, "filter: {statuses: [FAIL, ERROR]}", is_exact=False)
    for where in ("integrations: [AWS]", "accountId: ACCOUNT", 'controlIds: ["CW-IAM-07"]'):
        yield Listing("checks", f"filter: {{{where}}}")
    for where in ("statuses: [FAIL], accountId: ACCOUNT", 'controlIds: ["CW-IAM-07"], statuses: [FAIL]'):
        yield Listing("checks", f"filter: {{{where}}}", is_exact=False)
    yield Listing("checkHistory", "checkId: A_CHECK")


def register_listings() -> Iterator[Listing]:
    """Reviews of access, and what people keep of risks."""
    for name in REGISTERS:
        yield Listing(name, "")
        yield Listing(name, "organizationId: ORG")
    for where in ("", ", decision: REVOKE", ", onlyUndecided: true"):
        yield Listing("accessReviewItems", f"reviewId: A_REVIEW{where}")


def finding_listings() -> Iterator[Listing]:
    """Findings by priority."""
    yield Listing("findings", "orderBy: PRIORITY")
    for where in ("state: OPEN", "organizationId: ORG", "accountId: ACCOUNT", 'ruleIds: ["rule-7"]'):
        yield Listing("findings", f"orderBy: PRIORITY, filter: {{{where}}}")
    rare = ("category: FINOPS, state: OPEN", "severities: [CRITICAL, LOW]", 'ruleIds: ["rule-7", "rule-8"]')
    for where in (*rare, "accountId: ACCOUNT, state: OPEN", "state: OPEN, severities: [HIGH]"):
        yield Listing("findings", f"orderBy: PRIORITY, filter: {{{where}}}", is_exact=False)


def anomaly_listings() -> Iterator[Listing]:
    """Anomalies of costs."""
    for where in ("states: [OPEN]", "organizationId: ORG"):
        yield Listing("costAnomalies", f"filter: {{{where}}}")
    for where in ("states: [OPEN, FIXED]", "severities: [HIGH]", 'serviceNames: ["service 1"]'):
        yield Listing("costAnomalies", f"filter: {{{where}}}", is_exact=False)


def alert_listings() -> Iterator[Listing]:
    """The same of alerts and their history."""
    yield Listing("alertHistory", "alertId: AN_ALERT")
    yield Listing("incidents", "")
    yield Listing("incidentMembers", "incidentId: AN_INCIDENT")
    yield Listing("incidents", "filter: {states: [OPEN], organizationId: ORG}")
    for where in ("states: [OPEN, RESOLVED]", "severities: [LOW]", "states: [OPEN], categories: [FINOPS]"):
        yield Listing("incidents", f"filter: {{{where}}}", is_exact=False)
    for where in ("states: [OPEN, ACKNOWLEDGED]", "severities: [CRITICAL]", "sources: [BUDGET]"):
        yield Listing("alerts", f"filter: {{{where}}}", is_exact=False)
    yield Listing(
        "alerts", "filter: {states: [OPEN], severities: [MEDIUM, INFORMATIONAL], sources: [SYNC]}", is_exact=False
    )
    for where in ("accountId: ACCOUNT", "accountId: ACCOUNT, states: [OPEN]", "categories: [FINOPS]"):
        yield Listing("alerts", f"filter: {{{where}}}", is_exact=False)


def live_listings() -> Iterator[Listing]:
    """The same of what comes in and goes out."""
    yield Listing("channels", "organizationId: ORG")
    yield Listing("deliveries", "channelId: A_CHANNEL")
    for where in ("states: [FAILED]", "states: [FAILED, EXPIRED], channelId: A_CHANNEL"):
        yield Listing("deliveries", where, is_exact=False)
    yield Listing("eventEndpoints", "organizationId: ORG")
    yield Listing("costSources", "organizationId: ORG")
    yield Listing("receivedEvents", "endpointId: ENDPOINT")


def ticket_listings() -> Iterator[Listing]:
    """The same of tickets."""
    for where in ("alertId: TICKET_ALERT", "organizationId: ORG"):
        yield Listing("jiraTasks", f"filter: {{{where}}}")
    for where in ("states: [OPEN, DONE]", "alertId: TICKET_ALERT, states: [OPEN]"):
        yield Listing("jiraTasks", f"filter: {{{where}}}", is_exact=False)


def sync_listings() -> Iterator[Listing]:
    """The same of syncs and what they saw."""
    yield Listing("resources", 'isGone: true, regions: ["us-east-1"]', is_exact=False)
    yield Listing("syncs", "accountId: ACCOUNT")
    yield Listing("syncReads", "syncId: THE_RUN")
    for where in ("accountId: ACCOUNT", "resourceId: RESOURCE"):
        yield Listing("resourceChanges", where)


def people_listings() -> Iterator[Listing]:
    """The same of members and invitations."""
    yield Listing("invitations", "isOpen: true", is_exact=False)
    yield Listing("members", "filter: {organizationId: ORG}")
    for where in ("state: ACTIVE", "roles: [USER, CLIENT_VIEWER]", 'organizationId: ORG, text: "person"'):
        yield Listing("members", f"filter: {{{where}}}", is_exact=False)
