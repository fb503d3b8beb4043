"""Text within a vendor's limits: cut with an ellipsis, never refused for its length."""

from collections.abc import Callable

ELLIPSIS = "…"


def cut(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis: `most` characters at most."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}{ELLIPSIS}"


def escaped(text: str, most: int, escape: Callable[[str], str]) -> str:
    """The text as `escape` writes it, cut before it is escaped, so that no escape is cut in two."""
    kept = most
    while len(found := escape(cut(text, kept))) > most:
        kept = max(1, kept - max(1, (len(found) - most) // 6))
    return found


def one_line(text: str) -> str:
    """The text without line breaks and other control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def paragraphs(text: str) -> list[str]:
    """The lines of a text that say something, each a single line."""
    return [line for part in text.splitlines() if (line := one_line(part))]
