"""Prints a statement as PDF. The same statement gives the same bytes."""

from collections.abc import Sequence
from pathlib import Path

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Spacer, Table

from connectors.paper import BOLD, LINES, PLAIN, print_pages, style, table, text
from domain.costs.statement_paper import StatementPaper, money_text

_WIDTHS = (78 * mm, 22 * mm, 20 * mm, 27 * mm, 27 * mm)


def write_statement_pdf(path: Path, paper: StatementPaper) -> None:
    """Print it on as many pages as it takes."""
    print_pages(path, paper.title, _parts(paper))


def _parts(paper: StatementPaper) -> list[Flowable]:
    facts = [[text(label, style()), text(said, style())] for label, said in paper.facts()]
    parts: list[Flowable] = [text(paper.title, style(size=16, font=BOLD)), Spacer(1, 6 * mm)]
    parts += [Table(facts, colWidths=(36 * mm, 138 * mm), style=LINES), Spacer(1, 6 * mm), *_costs(paper)]
    return [*parts, *_adjustments(paper), *_totals(paper)]


def _costs(paper: StatementPaper) -> list[Flowable]:
    rows = [
        (line.name, line.target_kind or "", line.currency, money_text(line.billed), money_text(line.effective))
        for line in paper.amounts.lines
    ]
    return _table("Costs", ("Target", "Kind", "Currency", "Billed", "Effective"), rows, _WIDTHS)


def _adjustments(paper: StatementPaper) -> list[Flowable]:
    rows = [
        (one.name, f"{one.reason} ({one.by}, {one.at:%Y-%m-%d})", one.currency, money_text(one.amount))
        for one in paper.amounts.adjustments
    ]
    heads = ("Target", "Reason", "Currency", "Amount")
    return _table("Adjustments", heads, rows, (50 * mm, 77 * mm, 20 * mm, 27 * mm)) if rows else []


def _totals(paper: StatementPaper) -> list[Flowable]:
    rows = [
        (one.currency, *map(money_text, (one.billed, one.effective, one.adjusted, one.due)))
        for one in paper.amounts.totals
    ]
    return _table("Totals", ("Currency", "Billed", "Effective", "Adjusted", "Due"), rows, (34 * mm,) * 5)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]) -> list[Flowable]:
    cells = [[_cell(head, head, font=BOLD) for head in heads]]
    cells += [[_cell(head, said) for head, said in zip(heads, row, strict=True)] for row in rows]
    heading = text(title, style(size=11, font=BOLD))
    return [heading, Spacer(1, 2 * mm), table(cells, widths), Spacer(1, 6 * mm)]


def _cell(head: str, said: str, font: str = PLAIN) -> Paragraph:
    is_number = head in {"Billed", "Effective", "Adjusted", "Due", "Amount"}
    return text(said, style(font=font, is_right=is_number))
