"""What our mails say: one text per letter in `letters/`, from which the HTML is made too, so that both say the same.

A letter begins with a line `Subject: …` and a line `Preheader: …` (what mailboxes show beside the subject), then an
empty line and paragraphs. A paragraph that is `{{ link }}` alone becomes a button.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.exceptions import TemplateNotFound, UndefinedError

from domain.errors import Invalid

FOLDER = Path(__file__).parent / "letters"
LAYOUT = "layout.html"


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str


@cache
def _environment() -> Environment:
    # Only .html escapes: text is put into it paragraph by paragraph, as values.
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        undefined=StrictUndefined,
        keep_trailing_newline=False,
    )


def letter_names() -> list[str]:
    """The letters there are."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def write_letter(name: str, values: Mapping[str, str], *, lines: Sequence[str] = ()) -> Letter:
    """The letter with its values filled in: single lines of text; `link` is an address within this installation.

    `lines` are as many more as there are, for letters that have a place for them.

    Raises Invalid for a letter there is not, a value that is missing, and one with a line break or another control
    character, because those would let the value write lines, or headers, of its own.
    """
    for key, value in [*values.items(), *(("lines", line) for line in lines)]:
        if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in value):
            raise Invalid(f"{key} must be a single line of text to be put into a mail.")
    try:
        text = _environment().get_template(f"{name}.txt").render({**values, "lines": lines})
    except TemplateNotFound as error:
        raise Invalid(f"There is no letter named {name}.") from error
    except UndefinedError as error:
        raise Invalid(f"The letter {name} lacks a value: {error.message}.") from error
    subject, preheader, body = _parts(text)
    paragraphs = [paragraph.replace("\n", " ") for paragraph in body.split("\n\n")]
    html = (
        _environment()
        .get_template(LAYOUT)
        .render(subject=subject, preheader=preheader, paragraphs=paragraphs, link=values.get("link"))
    )
    return Letter(subject=subject, text=f"{body}\n", html=html)


def _parts(text: str) -> tuple[str, str, str]:
    head, _, body = text.partition("\n\n")
    first, second = head.splitlines()
    return first.removeprefix("Subject: "), second.removeprefix("Preheader: "), body.strip()
