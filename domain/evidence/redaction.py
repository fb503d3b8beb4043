"""What of people is taken out of raw answers before they are kept, as rules: read this list to know them all.

Secrets never come this far: each operation takes its own out (`Operation.hidden`) before an answer is even parsed.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

# What a value is replaced by; that something was there stays visible, and is counted. {} is the id of the rule.
MARK = "(redacted: {})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """The values of members with these names are replaced, however deep they stand; empty ones are left alone.

    `under`: only in answers to operations whose names begin so; () is every operation. `why` is for the guide.
    """

    id: str
    names: frozenset[str]
    why: str
    under: tuple[str, ...] = ()


# Operations that list people, or tell what people did.
PEOPLE = (
    "GET /api/v1/users",
    "GET /api/v1/apps/{appId}/users",
    "GET /api/v1/iam/assignees/users",
    "GET /api/v1/logs",
    "admin.directory_v1:",
    "GRAPH GET /v1.0/",
    "identitystore.",
    "users.",
    "GET /orgs/",
    "GET /users",
    "GET /enterprises/",
    "GET /rest/api/3/",
)
RULES = (
    Redaction(
        id="telephone",
        names=frozenset(
            {
                "businessPhones",
                "faxNumber",
                "homePhone",
                "mobile",
                "mobilePhone",
                "phone",
                "phoneNumber",
                "PhoneNumber",
                "PhoneNumbers",
                "phoneNumbers",
                "phones",
                "primaryPhone",
                "recoveryPhone",
                "workPhone",
            }
        ),
        why="No procedure calls anybody; that a number is set stays visible.",
    ),
    Redaction(
        id="home",
        names=frozenset(
            {
                "addresses",
                "Addresses",
                "city",
                "homeAddress",
                "officeLocation",
                "postalAddress",
                "postalCode",
                "streetAddress",
                "zipCode",
            }
        ),
        why="Where a person lives or sits says nothing about a control.",
        under=PEOPLE,
    ),
    Redaction(
        id="private_mail",
        names=frozenset({"alternateEmail", "otherMails", "recoveryEmail", "secondEmail"}),
        why="Private addresses match nobody: leavers are matched by the address they work with.",
        under=PEOPLE,
    ),
    Redaction(
        id="whereabouts",
        names=frozenset(
            {
                "actor_ip",
                "actor_location",
                "client_ip",
                "geographicalContext",
                "ip",
                "ipAddress",
                "ipChain",
                "geo",
                "lastKnownIp",
                "location",
            }
        ),
        why="Procedures ask who did what and when, never from where.",
        under=PEOPLE,
    ),
    Redaction(
        id="profile_text",
        names=frozenset(
            {
                "aboutMe",
                "bio",
                "birthday",
                "gender",
                "interests",
                "keywords",
                "notes",
                "pronouns",
                "relations",
                "responsibilities",
                "schools",
                "skills",
                "skype",
                "sshPublicKeys",
                "status_text",
                "posixAccounts",
            }
        ),
        why="What people write of themselves is theirs.",
        under=PEOPLE,
    ),
)
# What stays although it is of people, because procedures match people by it.
KEPT = {
    "the address at work, the login and the user's id": "leavers, owners and reviewers are matched by them",
    "the name": "a person who reviews evidence must recognise whom a finding is about",
    "state, roles, factors, and when an account was made and last used": "that is what access controls judge",
}
_HOLDS = re.compile(b'"(?:' + b"|".join(sorted(name.encode() for rule in RULES for name in rule.names)) + b')":')


def may_hold(text: bytes) -> bool:
    """Whether an answer, as JSON, has a member that a rule may be about: all others need no look."""
    return _HOLDS.search(text) is not None


def redact(operation: str, answer: Any) -> tuple[Any, Counter[str]]:
    """(the answer without what the rules take out, how many values each rule has taken). The answer itself stays."""
    wanted = {
        name: rule.id for rule in RULES if not rule.under or operation.startswith(rule.under) for name in rule.names
    }
    counts: Counter[str] = Counter()
    return _without(answer, wanted, counts), counts


def _without(value: Any, wanted: dict[str, str], counts: Counter[str]) -> Any:
    if isinstance(value, list):
        return [_without(one, wanted, counts) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _marked(one, wanted[name], counts) if name in wanted else _without(one, wanted, counts)
        for name, one in value.items()
    }


def _marked(value: Any, rule: str, counts: Counter[str]) -> Any:
    """Of the same shape, as far as a reader may count on it: null and empty stay, a list keeps its length."""
    if value is None or value in ("", [], {}):
        return value
    if isinstance(value, list):
        return [_marked(one, rule, counts) for one in value]
    counts[rule] += 1
    return {"redacted": rule} if isinstance(value, dict) else MARK.format(rule)
