"""Plain text as a document of Atlassian, and back.

Source: developer.atlassian.com, "Atlassian Document Format", version 1.
"""

from collections.abc import Iterator
from typing import Any

# Blocks after which a line ends.
BLOCKS = frozenset({"paragraph", "heading", "codeBlock", "listItem", "blockquote", "tableRow", "rule", "mediaSingle"})
# Deeper is no comment of a person; the walk must end.
DEEPEST = 20


def document(text: str) -> dict[str, Any]:
    """A document of one paragraph per line. Nothing in the text is taken for markup, but web addresses become links."""
    paragraphs = [{"type": "paragraph", "content": _words(line)} for line in text.splitlines() if line.strip()]
    return {"type": "doc", "version": 1, "content": paragraphs or [{"type": "paragraph", "content": []}]}


def _words(line: str) -> list[dict[str, Any]]:
    found = []
    for part in _parts(line):
        node: dict[str, Any] = {"type": "text", "text": part}
        if part.startswith(("https://", "http://")):
            node["marks"] = [{"type": "link", "attrs": {"href": part}}]
        found.append(node)
    return found


def _parts(line: str) -> Iterator[str]:
    """The line in pieces; an address is a piece of its own."""
    plain = ""
    for word in line.split(" "):
        if word.startswith(("https://", "http://")):
            if plain:
                yield plain
            yield word
            plain = " "
        else:
            plain += f"{word} "
    if plain.strip():
        yield plain.rstrip()


def text_of(body: Any) -> str:
    """The text of a document, or of a body that is text already, as webhooks send it. "" for anything else."""
    if isinstance(body, str):
        return body.strip()
    return "".join(_text(body, DEEPEST)).strip()


def _text(node: Any, deepest: int) -> Iterator[str]:
    if not isinstance(node, dict) or deepest == 0:
        return
    kind, attrs = node.get("type"), node.get("attrs")
    if kind == "text":
        yield str(node.get("text") or "")
    elif kind == "hardBreak":
        yield "\n"
    elif isinstance(attrs, dict) and kind in ("mention", "emoji", "inlineCard"):
        yield str(attrs.get("text") or attrs.get("url") or attrs.get("shortName") or "")
    content = node.get("content")
    for child in content if isinstance(content, list) else []:
        yield from _text(child, deepest - 1)
    if kind in BLOCKS:
        yield "\n"
