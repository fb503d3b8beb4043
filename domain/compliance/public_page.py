"""What a public page tells: which sections a notice on privacy has, and until when a security.txt holds."""

import re
from datetime import UTC, datetime

# Any of these words stands for the section. Source: the notice criteria of the AICPA's Trust Services Criteria, P1.1.
# Blind spot: notices in other languages than English.
SECTIONS = {
    "purpose": ("purpose", "why we collect", "how we use"),
    "retention": ("retention", "retain", "how long we keep"),
    "sharing": ("sharing", "we share", "third part", "recipients"),
    "choice": ("choice", "opt out", "opt-out", "withdraw", "your rights"),
    "contact": ("contact", "mailto:"),
}
_HIDES = re.compile(r"<script\b|<style\b|<!--")
_ENDS = {"<script": "</script", "<style": "</style", "<!--": "-->"}
# Source: RFC 9116, section 2.5.5: once, an Internet timestamp of RFC 3339, names in any case.
_EXPIRES = re.compile(r"^expires:[ \t]*(\S+)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)


def sections_of(text: str) -> list[str]:
    """The sections of a notice that can be told from its words, in the order above; what nobody sees does not count."""
    shown = _shown(text.lower())
    return [section for section, words in SECTIONS.items() if any(word in shown for word in words)]


def _shown(text: str) -> str:
    """What is left without scripts, styles and comments; what does not end hides the rest. In time that goes with the
    length, whoever wrote the page.
    """
    shown, place = [], 0
    while hides := _HIDES.search(text, place):
        shown.append(text[place : hides.start()])
        end = text.find(_ENDS[hides[0]], hides.end())
        if end < 0:
            return " ".join(shown)
        place = end + len(_ENDS[hides[0]])
    return " ".join([*shown, text[place:]])


def expires_of(text: str) -> datetime | None:
    """When a security.txt ends to hold, in UTC. None where it does not say, says it twice, or in another form."""
    found = _EXPIRES.findall(text)
    if len(found) != 1:
        return None
    try:
        moment = datetime.fromisoformat(found[0].upper())
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else None
