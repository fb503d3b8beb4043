"""Access follows an approved request."""

from collections.abc import Iterator

from domain.compliance.access_requests import Grant, Pairing, grants, pairing, requests
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity


def _okta(case: Case) -> Iterator[Item]:
    """The share of grants that answer an approved request, over the whole window. Without Jira it cannot be told."""
    known = requests(case)
    pairs = [(one, pairing(one, known)) for one in grants(case)]
    answering = sum(_is_approved(pair) for _, pair in pairs)
    is_tolerable = answering >= case.parameters["warn_ratio"] * len(pairs)
    for grant, pair in pairs:
        observed = f"{_words(grant)} on {grant.at:%Y-%m-%d}"
        if _is_approved(pair) and pair.request is not None:
            yield passed(grant.id, f"{observed} answers {pair.request.key}")
        elif is_tolerable:
            yield warned(grant.id, f"{observed}, without an approved request", "an approved request")
        else:
            yield failed(grant.id, f"{observed}, without an approved request", "an approved request")


def _jira(case: Case) -> Iterator[Item]:
    """The request behind each grant. Without Okta there is nothing that was granted."""
    known = requests(case)
    for grant in grants(case):
        yield _request(grant, pairing(grant, known))


def _request(grant: Grant, pair: Pairing) -> Item:
    expected = "approved by somebody else before access is granted"
    if pair.request is None:
        return failed(grant.id, f"no request for {_words(grant)}", expected)
    observed = f"for {_words(grant)}"
    if pair.is_first:
        return passed(pair.request.key, f"approved before, {observed}")
    if pair.is_late:
        return warned(pair.request.key, f"an emergency, approved within a day, {observed}", expected)
    return failed(pair.request.key, f"not approved before by somebody else, {observed}", expected)


def _is_approved(pair: Pairing) -> bool:
    return pair.is_first or pair.is_late


def _words(grant: Grant) -> str:
    return f"{' and '.join(grant.things) or 'access'} to {grant.names[0]}"


CONTROL = Control(
    id="CW-IAM-08",
    name="Access follows an approved request",
    category="identity",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.EVENT_POPULATION,
    criteria=("CC6.2", "CC6.3"),
    objective="Every grant made in the period can be paired with an approval that came first.",
    owner_role="security",
    parameters={
        "request_labels": ["access-request"],
        "approved_statuses": ["Approved", "Done"],
        "warn_ratio": 0.95,
        "window_days": 30,
    },
    evidence=(
        "complete event population with count, query and page tokens",
        "pairing table grant -> request",
    ),
    procedures=(
        Procedure(
            integration=Integration.OKTA,
            scope="event",
            operations=("GET /api/v1/logs",),
            passes="Every app, group and privilege granted within window_days answers an approved request.",
            warns="At least the share warn_ratio of the grants answers an approved request.",
            fails="Fewer of the grants answer an approved request.",
            judge=_okta,
            version=2,
        ),
        Procedure(
            integration=Integration.JIRA,
            scope="event",
            operations=(
                "POST /rest/api/3/search/jql",
                "GET /rest/api/3/issue/{issueIdOrKey}/changelog",
            ),
            passes="The request for each grant was approved before, by somebody else than who asked.",
            warns="A request with the label emergency was approved within 24 hours after the grant.",
            fails="A grant has no request, or one that nobody else has approved in time.",
            judge=_jira,
            version=2,
        ),
    ),
)
