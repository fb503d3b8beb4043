"""Prints a statement as PDF. The same statement gives the same bytes.

Roboto is embedded and has Latin, Greek and Cyrillic. Chinese, Japanese and Korean are set in fonts that readers of PDF
bring along themselves; a letter that none of these has is printed as a question mark in its place.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import font_roboto
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from domain.costs.statement_paper import StatementPaper, money_text

_PLAIN, _BOLD, _KOREAN, _HAN = "Roboto", "Roboto-Bold", "HYSMyeongJo-Medium", "HeiseiMin-W3"
# Blocks of Unicode: Hangul; and Chinese characters, kana, their punctuation and full-width forms.
_HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7A3))
_EAST_ASIAN = ((0x2E80, 0x312F), (0x3190, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF))
_WIDTHS = (78 * mm, 22 * mm, 20 * mm, 27 * mm, 27 * mm)
_LINES = TableStyle(
    [
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.lightgrey),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
    ]
)


def write_statement_pdf(path: Path, paper: StatementPaper) -> None:
    """Print it on as many pages as it takes."""
    _fonts()
    document = SimpleDocTemplate(
        str(path),
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=paper.title,
        author="CloudWatcher",
        invariant=1,  # no time of making, no random id
    )
    document.build(_parts(paper), onFirstPage=_numbered, onLaterPages=_numbered)


def _parts(paper: StatementPaper) -> list[Flowable]:
    facts = [[_text(label, _style()), _text(text, _style())] for label, text in paper.facts()]
    parts: list[Flowable] = [_text(paper.title, _style(size=16, font=_BOLD)), Spacer(1, 6 * mm)]
    parts += [Table(facts, colWidths=(36 * mm, 138 * mm), style=_LINES), Spacer(1, 6 * mm), *_costs(paper)]
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
    cells = [[_cell(head, head, font=_BOLD) for head in heads]]
    cells += [[_cell(head, text) for head, text in zip(heads, row, strict=True)] for row in rows]
    table = Table(cells, colWidths=widths, repeatRows=1, style=_LINES, hAlign="LEFT")
    return [_text(title, _style(size=11, font=_BOLD)), Spacer(1, 2 * mm), table, Spacer(1, 6 * mm)]


def _cell(head: str, text: str, font: str = _PLAIN) -> Paragraph:
    is_number = head in {"Billed", "Effective", "Adjusted", "Due", "Amount"}
    return _text(text, _style(font=font, is_right=is_number))


def _numbered(canvas: Any, document: Any) -> None:
    canvas.setFont(_PLAIN, 8)
    canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, f"Page {document.page}")


@lru_cache(maxsize=16)
def _style(size: int = 9, font: str = _PLAIN, *, is_right: bool = False) -> ParagraphStyle:
    # Longer words than a column, such as hashes, are broken.
    return ParagraphStyle(
        f"{font}{size}{is_right}",
        fontName=font,
        fontSize=size,
        leading=size * 1.3,
        alignment=2 if is_right else 0,
        splitLongWords=1,
    )


def _text(text: str, style: ParagraphStyle) -> Paragraph:
    """The text, each stretch of it in a font that has its letters. It is text, never markup."""
    parts = []
    for font, letters in groupby(text, key=lambda letter: _font_of(letter, style.fontName)):
        stretch = "".join(letters)
        parts.append(f'<font name="{font}">{escape(stretch)}</font>' if font else "?" * len(stretch))
    return Paragraph("".join(parts), style)


def _font_of(letter: str, wanted: str) -> str | None:
    code = ord(letter)
    if code in _fonts()[wanted].face.charToGlyph or letter.isspace():
        return wanted
    if any(first <= code <= last for first, last in _HANGUL):
        return _KOREAN
    return _HAN if any(first <= code <= last for first, last in _EAST_ASIAN) else None


@lru_cache(maxsize=1)
def _fonts() -> dict[str, TTFont]:
    fonts = {_PLAIN: TTFont(_PLAIN, font_roboto.Roboto), _BOLD: TTFont(_BOLD, font_roboto.RobotoBold)}
    for font in (*fonts.values(), UnicodeCIDFont(_KOREAN), UnicodeCIDFont(_HAN)):
        registerFont(font)
    return fonts
