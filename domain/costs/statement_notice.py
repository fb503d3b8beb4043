"""What channels are told of a statement."""

from datetime import datetime

from domain.costs.statement_paper import money_text
from domain.facts.notice import Notice, NoticeKind, NoticeLine
from domain.facts.statement import StatementAmounts, StatementLine, StatementTotal

# A message is read at a glance; the file has the rest.
_MOST_LINES = 20


def statement_notice(
    amounts: StatementAmounts, *, subject: str, title: str, organization: str, at: datetime, link: str
) -> Notice:
    """The totals, then the dearest targets; `link` leads to where the statement can be fetched."""
    dearest = sorted(amounts.lines, key=lambda line: (-line.billed, line.name))
    lines = [_total(total) for total in amounts.totals]
    lines += [_line(line) for line in dearest[:_MOST_LINES]]
    if len(dearest) > _MOST_LINES:
        lines.append(NoticeLine(label="More", text=f"{len(dearest) - _MOST_LINES} lines in the statement"))
    return Notice(
        kind=NoticeKind.STATUS,
        subject=subject,
        title=f"{title}: {organization}",
        message="\n".join(f"{line.label}: {line.text}" for line in lines),
        organization=organization,
        at=at,
        link=link,
        lines=tuple(lines),
    )


def _total(total: StatementTotal) -> NoticeLine:
    adjusted = f", adjusted by {money_text(total.adjusted)}" if total.adjusted else ""
    text = f"{money_text(total.due)} {total.currency} (billed {money_text(total.billed)}{adjusted})"
    return NoticeLine(label=f"Due in {total.currency}", text=text)


def _line(line: StatementLine) -> NoticeLine:
    return NoticeLine(label=line.name, text=f"{money_text(line.billed)} {line.currency}")
