"""The risk register is live and thinks about fraud."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.answers import Unread
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age
from domain.compliance.tickets import SEARCH, issues_of
from domain.facts.compliance import CheckStatus, EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

LINKS = "platform:risk_links"
WHOLE_REGISTER = "OR labels = risk"
RISK, FRAUD, CONTINUITY = "risk", "fraud", "continuity"
# How a risk is scored: by a label, or else by its priority.
LEVELS = {"highest": "high", "high": "high", "medium": "medium", "low": "low", "lowest": "low"}
TREATMENTS = frozenset({"mitigate", "accept", "transfer", "avoid"})
LATE, YEAR = timedelta(days=30), timedelta(days=365)
GOOD = frozenset({CheckStatus.PASS, CheckStatus.EXEMPT, CheckStatus.NOT_APPLICABLE})

Fields = Mapping[str, Any]


def _jira(case: Case) -> Iterator[Item]:
    """Issues labelled risk. Their score is a label (high, medium, low, or risk-high ...) or the priority, and how they
    are treated a label (mitigate, accept, transfer, avoid). Whoever changes an issue has looked at it. Raises Unread
    unless Jira was asked for all of them, however long nobody has touched them.
    """
    if not any(WHOLE_REGISTER in call.arguments["jql"] for call in case.answers.calls(SEARCH)):
        raise Unread(SEARCH, "does not ask for the whole register of risks")
    register = {issue["key"]: issue["fields"] for issue in issues_of(case.answers) if RISK in _labels(issue["fields"])}
    risks = {key: fields for key, fields in register.items() if fields["status"]["statusCategory"]["key"] != "done"}
    if not risks:
        yield failed("register", "no open issue is labelled risk", "a register of risks")
        return
    for key, fields in risks.items():
        yield _risk(case, key, fields)
    yield _thought_of(case, FRAUD, register, failed)
    yield _thought_of(case, CONTINUITY, register, warned)


def _risk(case: Case, key: str, fields: Fields) -> Item:
    labels, level = _labels(fields), _level(fields)
    missing = [
        *([] if fields["assignee"] else ["owner"]),
        *([] if level else ["score"]),
        *([] if labels & TREATMENTS else ["treatment"]),
    ]
    if missing or level is None:
        return failed(key, f"no {', '.join(missing)}", "owner, score and treatment")
    cadence = timedelta(days=case.parameters["cadence_days"][level])
    unseen = age(fields["updated"], case.now)
    said = f"{level} risk, last looked at {fields['updated'][:10]}"
    if unseen <= cadence:
        return passed(key, said)
    say = warned if level != "high" and unseen <= cadence + LATE else failed
    return say(key, said, f"looked at every {cadence.days} days")


def _level(fields: Fields) -> str | None:
    told = {label.removeprefix("risk-") for label in _labels(fields)} & LEVELS.keys()
    by_label = [level for level in ("high", "medium", "low") if level in {LEVELS[one] for one in told}]
    if by_label:
        return by_label[0]
    return LEVELS.get(fields["priority"]["name"].lower()) if fields["priority"] else None


def _thought_of(case: Case, word: str, register: Mapping[str, Fields], otherwise: Callable[..., Item]) -> Item:
    found = [fields["updated"] for fields in register.values() if word in _labels(fields)]
    expected = f"a risk labelled {word}, looked at in {YEAR.days} days"
    last = min(found, key=lambda at: age(at, case.now), default=None)
    if last is None:
        return otherwise(word, f"no risk is labelled {word}", expected)
    said = f"last looked at {last[:10]}"
    if age(last, case.now) <= YEAR:
        return passed(word, said)
    return warned(word, said, expected) if age(last, case.now) <= YEAR + LATE else failed(word, said, expected)


def _labels(fields: Fields) -> set[str]:
    return {label.lower() for label in fields["labels"]}


def _platform(case: Case) -> Iterator[Item]:
    """High risks. Controls that were not judged, or could not be, say nothing good of a risk."""
    for risk in case.answers.items(LINKS):
        if risk["level"] == "high":
            yield _treated(risk)


def _treated(risk: Mapping[str, Any]) -> Item:
    name, status = risk["risk_id"], risk["worst_status"]
    if not risk["control_ids"]:
        return failed(name, "no control treats it", "a control of the catalogue")
    said = f"{', '.join(risk['control_ids'])}: {status or 'not judged'}"
    if status == CheckStatus.FAIL:
        return failed(name, said, "controls that pass")
    return passed(name, said) if status in GOOD else warned(name, said, "controls that pass")


CONTROL = Control(
    id="CW-RSK-01",
    name="The risk register is live and thinks about fraud",
    category="risk",
    severity=Severity.MEDIUM,
    frequency=Frequency.MONTHLY,
    evidence_kind=EvidenceKind.WORKFLOW_RECORD,
    criteria=("CC3.1", "CC3.2", "CC3.3", "CC5.1", "CC9.1"),
    objective="Objectives, threats, fraud and disruption are scored, owned and treated.",
    owner_role="compliance",
    parameters={"cadence_days": {"high": 92, "medium": 183, "low": 365}},
    procedures=(
        Procedure(
            integration=Integration.JIRA,
            scope="organization",
            operations=(SEARCH,),
            passes=(
                "Every open risk has owner, score and treatment and was looked at within its cadence; a risk labelled "
                "fraud and one labelled continuity were looked at within 365 days."
            ),
            warns="A medium or low risk is late by up to 30 days, or no risk is labelled continuity.",
            fails=(
                "There is no register or no risk of fraud, a risk lacks one of these or is later than that, or a high "
                "risk is past its cadence."
            ),
            judge=_jira,
            version=2,
        ),
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=(LINKS,),
            passes="Each high risk is treated by controls of this catalogue, and they pass.",
            warns="The controls of a high risk warn, or could not be judged.",
            fails="A high risk has no control, or its controls fail.",
            judge=_platform,
        ),
    ),
)
