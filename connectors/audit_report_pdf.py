"""Prints the report of an audit pack as PDF. The same report gives the same bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, PageBreak, Paragraph, Spacer

from connectors.paper import BOLD, markup, print_pages, style, table, text
from domain.compliance.audit_report import (
    WORDS,
    AuditReport,
    ControlPart,
    Exceptions,
    FrameworkPart,
    History,
    ItemSpell,
    PolicyPart,
    RequirementPart,
    Spell,
)

# Of each kind for one control; tables beside the report hold all.
MOST_ROWS = 25
_SMALL = 7.5


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place that links lead to, and at `level` the outline; None: it is not in the outline."""

    name: str
    said: str
    level: int | None
    pages: dict[str, int]

    def draw(self, canvas: Any) -> None:
        self.pages[self.name] = canvas.getPageNumber()
        canvas.bookmarkPage(self.name)
        if self.level is not None:
            canvas.addOutlineEntry(self.said, self.name, self.level, closed=True)


class _Marked(Paragraph):  # type: ignore[misc]  # reportlab has no types
    """A paragraph at such a place."""

    mark: _Mark | None = None

    def split(self, width: float, height: float) -> list[Any]:
        parts: list[Any] = super().split(width, height)
        if parts:
            parts[0].mark = self.mark
        return parts

    def draw(self) -> None:
        if self.mark is not None:
            self.mark.draw(self.canv)
        super().draw()


def write_report_pdf(path: Path, report: AuditReport) -> dict[str, int]:
    """Print it; returns the page of each framework, requirement (framework/requirement), control and `policies`."""
    pages: dict[str, int] = {}
    print_pages(path, report.title, list(_parts(report, pages)))
    return pages


def _parts(report: AuditReport, pages: dict[str, int]) -> Iterator[Flowable]:
    yield from _cover(report)
    controls = {part.id for part in report.controls}
    for framework in report.frameworks:
        yield from _framework(framework, controls, pages)
    yield PageBreak()
    yield from _heading("Controls", 14, _Mark("controls", "Controls", 0, pages))
    for part in report.controls:
        yield from _control(part, pages)
    yield PageBreak()
    yield from _policies(report.policies, pages)


def _cover(report: AuditReport) -> Iterator[Flowable]:
    yield from _heading(report.title, 18)
    facts = (
        ("Period", report.period),
        ("Made", f"{report.made_at:%Y-%m-%d %H:%M} UTC"),
        ("Statuses as of", f"{report.read_at:%Y-%m-%d %H:%M} UTC"),
        ("Checks made", f"{report.records}, each with a record of evidence"),
        ("Controls in scope", str(len(report.controls))),
        ("Accounts connected", "; ".join(report.accounts) or "none"),
    )
    yield table([[_p(label), _p(said)] for label, said in facts], (38 * mm, 136 * mm))
    yield from (_said(note) for note in report.notes)
    yield from _heading("Scores", 12)
    if report.frameworks:
        rows = [_heads("Framework", "Version", "Score, and what it rests on")]
        rows += [[_p(one.name, link=f"#{one.id}"), _p(one.version), _p(one.told())] for one in report.frameworks]
        yield table(rows, (70 * mm, 26 * mm, 78 * mm))
    else:
        yield _said("No framework is switched on. This report is of all controls.")
    yield from _heading("How to read this", 12)
    yield _said(
        "A score is the weight of the controls that pass (a warning counts half) over the weight of those that pass, "
        "warn, fail or could not be checked. What was not assessed, exempt or had nothing to judge does not count: so "
        "a score always stands beside the share that was assessed. Numbers of records and their hashes are those of "
        "evidence.zip, which verify.py checks without us. index.html leads to each item."
    )


def _framework(framework: FrameworkPart, controls: set[str], pages: dict[str, int]) -> Iterator[Flowable]:
    yield PageBreak()
    yield from _heading(f"{framework.name}, {framework.version}", 14, _Mark(framework.id, framework.name, 0, pages))
    yield _said(framework.told())
    if framework.notes:
        yield _said(framework.notes)
    group: list[RequirementPart] = []
    for one in framework.requirements:
        if group and group[0].group != one.group:
            yield from _group(framework, group, controls, pages)
            group = []
        group.append(one)
    yield from _group(framework, group, controls, pages)


def _group(
    framework: FrameworkPart, group: Sequence[RequirementPart], controls: set[str], pages: dict[str, int]
) -> Iterator[Flowable]:
    yield from _heading(group[0].group, 11)
    rows = [_heads("Requirement", "", "Status", "Assessed", "Fit", "Controls")]
    for one in group:
        name = _marked(one.id, style(_SMALL), _Mark(f"{framework.id}/{one.id}", one.id, None, pages))
        by = [_p(id, link=f"#{id}" if id in controls else None) for id in one.answered_by] or [_p("nothing")]
        assessed = _p(f"{one.assessed} of {one.total}")
        rows.append([name, _p(one.name), _p(WORDS[one.status]), assessed, _p(one.fit.lower()), by])
    yield table(rows, (20 * mm, 68 * mm, 26 * mm, 16 * mm, 14 * mm, 30 * mm))


def _control(part: ControlPart, pages: dict[str, int]) -> Iterator[Flowable]:
    yield Spacer(1, 4 * mm)
    name = f"{part.id} {part.name}"
    yield from _heading(name, 12, _Mark(part.id, name, 1, pages))
    owner = f" Owner: {part.owner}." if part.owner else ""
    yield _said(f"{WORDS[part.status].capitalize()} at the end. {part.severity.capitalize()} severity.{owner}")
    yield _said(part.objective)
    rows = [_heads("System", "Passes when", "Warns when", "Fails when")]
    rows += [
        [_p(one.integration), *(_p(said or "never") for said in (one.passes, one.warns, one.fails))]
        for one in part.conditions
    ]
    yield table(rows, (24 * mm, 50 * mm, 50 * mm, 50 * mm))
    yield Spacer(1, 2 * mm)
    yield _said(part.told())
    yield from _history(part.id, part.history)
    yield from _exceptions(part.exceptions)
    if part.attestations:
        yield _said(f"Statements that people filed for it: {part.attestations}, in attestations.csv.")


def _history(control_id: str, history: History) -> Iterator[Flowable]:
    if history.first and history.last:
        (first, first_hash), (last, last_hash) = history.first, history.last
        yield _said(
            f"Evidence: records {first} ({first_hash}) to {last} ({last_hash}). checks/{control_id}.csv lists each "
            "with its number, its hash and the raw answers it rests on."
        )
    yield from _spells(control_id, history.spells, history.more_spells)
    yield from _items("Items that did not pass", history.faulty, history.more_items)
    yield from _items("Items that an approved exception covered", history.exempt, 0)


def _spells(control_id: str, spells: Sequence[Spell], more: int) -> Iterator[Flowable]:
    if not spells:
        return
    yield from _heading("When checks did not pass", 9)
    rows = [_heads("System, account", "Said", "From", "Last seen", "Checks", "Records, hash of the first")]
    for one in spells[-MOST_ROWS:]:
        said = WORDS[one.status] if one.problem is None else f"{WORDS[one.status]}: {one.problem}"
        when = [_p(f"{at:%Y-%m-%d %H:%M}") for at in (one.since, one.until)]
        mark = _p(f"{one.first} to {one.last}, {one.first_hash}")
        rows.append([_p(f"{one.integration} {one.account}"), _p(said), *when, _p(str(one.checks)), mark])
    yield table(rows, (36 * mm, 38 * mm, 22 * mm, 22 * mm, 13 * mm, 43 * mm))
    yield from _left_out(len(spells) + more, f"checks/{control_id}.csv")


def _items(title: str, items: Sequence[ItemSpell], more: int) -> Iterator[Flowable]:
    if not items:
        return
    yield from _heading(title, 9)
    rows = [_heads("Item", "Account", "Observed", "Expected", "From", "Until")]
    for one in items[-MOST_ROWS:]:
        until = f"{one.until:%Y-%m-%d %H:%M}" if one.until else "not seen to end"
        cells = (one.resource, one.account, one.observed, one.expected)
        rows.append([*map(_p, cells), _p(f"{one.since:%Y-%m-%d %H:%M}"), _p(until)])
    yield table(rows, (40 * mm, 32 * mm, 32 * mm, 32 * mm, 19 * mm, 19 * mm))
    yield from _left_out(len(items) + more, "items.csv")


def _exceptions(exceptions: Exceptions) -> Iterator[Flowable]:
    if not exceptions.count:
        return
    yield from _heading("Exceptions in force in the period", 9)
    rows = [_heads("Covers", "Reason", "Done instead", "Asked and approved by", "From", "Until")]
    for one in exceptions.newest[-MOST_ROWS:]:
        until = f"{one.until:%Y-%m-%d %H:%M}"
        ended = f"revoked {one.revoked_at:%Y-%m-%d %H:%M}, was until {until}" if one.revoked_at else until
        people = f"{one.requested_by}; {one.approved_by}"
        cells = (one.covers(), one.reason, one.compensating_control, people, f"{one.since:%Y-%m-%d %H:%M}", ended)
        rows.append([_p(said) for said in cells])
    yield table(rows, (34 * mm, 36 * mm, 36 * mm, 30 * mm, 19 * mm, 19 * mm))
    yield from _left_out(exceptions.count, "exceptions.csv")


def _policies(policies: Sequence[PolicyPart], pages: dict[str, int]) -> Iterator[Flowable]:
    yield from _heading("Policies", 14, _Mark("policies", "Policies", 0, pages))
    if not policies:
        yield _said("No policy was in force in this period.")
        return
    rows = [_heads("Policy", "Version", "Approved by", "In force from", "Until", "Review due", "Acknowledged")]
    for one in policies:
        until = f"{one.until:%Y-%m-%d}" if one.until else "still in force"
        review = f"{one.next_review_at:%Y-%m-%d}" if one.next_review_at else ""
        cells = (one.name, str(one.number), one.approved_by, f"{one.since:%Y-%m-%d}", until, review)
        rows.append([*map(_p, cells), _p(f"{one.acknowledged} people")])
    yield table(rows, (50 * mm, 14 * mm, 36 * mm, 20 * mm, 18 * mm, 18 * mm, 18 * mm))
    yield _said(
        f"Acknowledged by so many people before the end of the period; a policy binds {policies[0].members} members "
        "now. policies.csv has the hash of each text."
    )


def _left_out(count: int, where: str) -> Iterator[Flowable]:
    if count > MOST_ROWS:
        yield _said(f"{count - MOST_ROWS} earlier ones are in {where}.")


def _heading(said: str, size: float, mark: _Mark | None = None) -> Iterator[Flowable]:
    # Room for what it is the heading of; kept together with a long table it would leave half a page empty.
    yield CondPageBreak(30 * mm)
    yield _marked(said, style(size, BOLD, is_spaced=True), mark)


def _marked(said: str, how: ParagraphStyle, mark: _Mark | None) -> Paragraph:
    paragraph = _Marked(markup(said, how), how)
    paragraph.mark = mark
    return paragraph


def _said(said: str) -> Paragraph:
    return text(said, style(8.5, is_spaced=True))


def _heads(*heads: str) -> list[Paragraph]:
    return [text(head, style(_SMALL, BOLD)) for head in heads]


def _p(said: str, link: str | None = None) -> Paragraph:
    return text(said, style(_SMALL), link=link)
