"""What all that is printed as PDF shares: fonts that have the letters, paragraphs, tables, numbered pages.

Roboto is embedded and has Latin, Greek and Cyrillic. Chinese, Japanese and Korean are set in fonts that readers of PDF
bring along themselves; a letter that none of these has is printed as a question mark in its place.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import font_roboto
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table, TableStyle

PLAIN, BOLD, KOREAN, HAN = "Roboto", "Roboto-Bold", "HYSMyeongJo-Medium", "HeiseiMin-W3"
# Blocks of Unicode: Hangul; and Chinese characters, kana, their punctuation and full-width forms.
_HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7A3))
_EAST_ASIAN = ((0x2E80, 0x312F), (0x3190, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF))
LINES = TableStyle(
    [
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.lightgrey),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
    ]
)


def print_pages(path: Path, title: str, parts: list[Flowable]) -> None:
    """Print it on as many pages as it takes. The same gives the same bytes."""
    fonts()
    document = SimpleDocTemplate(
        str(path),
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=title,
        author="CloudWatcher",
        invariant=1,  # no time of making, no random id
    )
    document.build(parts, onFirstPage=_numbered, onLaterPages=_numbered)


def table(rows: Sequence[Sequence[Paragraph]], widths: Sequence[float]) -> Table:
    """A table whose first row is repeated on each page."""
    return Table(rows, colWidths=widths, repeatRows=1, style=LINES, hAlign="LEFT")


@lru_cache(maxsize=32)
def style(size: float = 9, font: str = PLAIN, *, is_right: bool = False, is_spaced: bool = False) -> ParagraphStyle:
    """How a paragraph is set. Words longer than a column, such as hashes, are broken. What is spaced has room
    above and below.
    """
    room = size / 2 if is_spaced else 0
    return ParagraphStyle(
        f"{font}{size}{is_right}{is_spaced}",
        fontName=font,
        fontSize=size,
        leading=size * 1.3,
        alignment=2 if is_right else 0,
        splitLongWords=1,
        spaceBefore=room,
        spaceAfter=room,
    )


def text(said: str, how: ParagraphStyle, *, link: str | None = None) -> Paragraph:
    """The text, each stretch of it in a font that has its letters. It is text, never markup.

    `link` is a place in the document (#name) that it leads to.
    """
    whole = markup(said, how)
    return Paragraph(whole if link is None else f'<a href={quoteattr(link)} color="navy">{whole}</a>', how)


def markup(said: str, how: ParagraphStyle) -> str:
    """The text as the markup that reportlab reads."""
    parts = []
    for font, letters in groupby(said, key=lambda letter: _font_of(letter, how.fontName)):
        stretch = "".join(letters)
        parts.append(f'<font name="{font}">{escape(stretch)}</font>' if font else "?" * len(stretch))
    return "".join(parts)


def _numbered(canvas: Any, document: Any) -> None:
    canvas.setFont(PLAIN, 8)
    canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, f"Page {document.page}")


def _font_of(letter: str, wanted: str) -> str | None:
    code = ord(letter)
    if code in fonts()[wanted].face.charToGlyph or letter.isspace():
        return wanted
    if any(first <= code <= last for first, last in _HANGUL):
        return KOREAN
    return HAN if any(first <= code <= last for first, last in _EAST_ASIAN) else None


@lru_cache(maxsize=1)
def fonts() -> dict[str, TTFont]:
    """The embedded fonts; all are known to the printer afterwards."""
    known = {PLAIN: TTFont(PLAIN, font_roboto.Roboto), BOLD: TTFont(BOLD, font_roboto.RobotoBold)}
    for font in (*known.values(), UnicodeCIDFont(KOREAN), UnicodeCIDFont(HAN)):
        registerFont(font)
    return known
