"""Who decides what about a ticket. Jira: assignee, priority, working status. CloudWatcher: whether it is over.

Of two reports the newer counts, by Jira's own time; comments are added up, so that none is lost.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.facts.ticket import SeenComment, SeenTicket, StatusCategory, TicketState

# How many comments of a ticket are kept, and how much of each.
MOST_COMMENTS = 20
LONGEST_COMMENT = 2000
LABEL = "cloudwatcher"
# Under this key our own words are kept at issues and comments of Jira.
PROPERTY = "cloudwatcher"


@dataclass(frozen=True, slots=True)
class KnownTicket:
    """What we have of a ticket. `is_over`: its cause is gone. `robot` is the account in Jira that we write as."""

    is_over: bool
    category: StatusCategory | None
    updated_at: datetime | None
    comment_ids: Collection[str]
    robot: str | None


@dataclass(frozen=True, slots=True)
class Absorbed:
    """`is_newer`: the fields are to be taken over. `fresh` are comments of people that we do not have.

    `has_started`: somebody has begun to work on it. `is_closed_early`: somebody has closed it, and the cause is there.
    """

    is_newer: bool
    fresh: tuple[SeenComment, ...]
    has_started: bool
    is_closed_early: bool


def absorb(known: KnownTicket, seen: SeenTicket) -> Absorbed:
    """What a report of a ticket changes. The same report a second time changes nothing."""
    is_newer = seen.updated_at is not None and (known.updated_at is None or seen.updated_at >= known.updated_at)
    moved_to = seen.category if is_newer and seen.category is not known.category else None
    return Absorbed(
        is_newer=is_newer,
        fresh=tuple(one for one in seen.comments if one.id not in known.comment_ids and not is_ours(one, known.robot)),
        has_started=moved_to is StatusCategory.IN_PROGRESS and not known.is_over,
        is_closed_early=moved_to is StatusCategory.DONE and not known.is_over,
    )


def is_ours(comment: SeenComment, robot: str | None) -> bool:
    """Whether we wrote a comment: it bears our mark, or its author is the user we write as."""
    return comment.key is not None or (robot is not None and comment.author_id == robot)


def state_of(category: StatusCategory | None) -> TicketState:
    """Where a ticket that exists stands."""
    return TicketState.DONE if category is StatusCategory.DONE else TicketState.OPEN


def wanted_categories(category: StatusCategory, *, is_over: bool) -> tuple[StatusCategory, ...]:
    """Where the ticket has to go from where it is, the best first; () when it is well where it is."""
    if is_over:
        return () if category is StatusCategory.DONE else (StatusCategory.DONE,)
    return (StatusCategory.TO_DO, StatusCategory.IN_PROGRESS) if category is StatusCategory.DONE else ()


def label_of(subject: str) -> str:
    """The label that only the ticket of this subject ("alert:<id>") bears, for finding it again."""
    return f"{LABEL}-{subject.replace(':', '-')}"
