"""The command /cloudwatcher: a summary of what the person who asks may see."""

from auth.permission import Permission
from documents.alert import Alert, AlertState
from documents.page import Keyset
from domain.errors import Forbidden
from domain.facts.status import StatusKind
from domain.status.summary import plain, status_lines
from jobs.chat import ChatPerson
from jobs.context import JobContext
from jobs.status import numbers_of

HELP = """/cloudwatcher status: open alerts, costs, integrations and compliance in short
/cloudwatcher alerts: the newest open alerts
/cloudwatcher costs: this month against last
/cloudwatcher help: this list"""
NEWEST_FIRST = Keyset((("raised_at", -1),))
MOST_ALERTS = 10
# What each line of a summary takes.
NEEDS = {
    StatusKind.ALERTS: Permission.ALERTS_READ,
    StatusKind.COSTS: Permission.COSTS_READ,
    StatusKind.INTEGRATIONS: Permission.ACCOUNTS_READ,
    StatusKind.COMPLIANCE: Permission.FINDINGS_READ,
}


async def reply_to(context: JobContext, person: ChatPerson, text: str) -> str:
    """The answer to what was typed behind the command; words that are not known get help. Raises Forbidden."""
    word = (text.split() or ["help"])[0].lower()
    if word == "status":
        return await _summary(context, person, tuple(StatusKind))
    if word == "costs":
        return await _summary(context, person, (StatusKind.COSTS,))
    if word == "alerts":
        return await _alerts(person)
    return HELP


async def _summary(context: JobContext, person: ChatPerson, kinds: tuple[StatusKind, ...]) -> str:
    allowed = [kind for kind in kinds if person.holds(NEEDS[kind])]
    if not allowed:
        raise Forbidden(person.standing.blocked or "Your role in CloudWatcher does not allow this.")
    # The lines that are shown are those of permissions the person holds, each in the one organization.
    numbers = await numbers_of(person.scope(NEEDS[allowed[0]]), context.now().date())
    return plain(status_lines(allowed, numbers))


async def _alerts(person: ChatPerson) -> str:
    scope = person.scope(Permission.ALERTS_READ)
    page = await Alert.page_in(scope, {"state": AlertState.OPEN.value}, NEWEST_FIRST, first=MOST_ALERTS)
    lines = [f"{row.severity}: {row.title}" for row in page.rows]
    if page.has_next:
        lines.append("There are more in CloudWatcher.")
    return "\n".join(lines) or "No open alerts."
