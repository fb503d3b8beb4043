"""Patterns that people write into rules: the part of regular expressions that needs no going back."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.errors import Invalid

MOST_CHARACTERS = 200
_TOKEN = re.compile(
    r"(?P<one>\\[dwsDWS]|\\[^A-Za-z0-9]|\[\^?\]?(?:\\[^A-Za-z0-9]|[^\]\\\[])*\]|[^\\\[*+?|(){}^$])(?P<sign>[*+?]?)"
)


@dataclass(frozen=True, slots=True)
class _Sequence:
    """Bit n of a state says that the first n atoms are done."""

    atoms: tuple[re.Pattern[str], ...]
    optional: int
    repeated: int
    is_first: bool
    is_last: bool
    fitting: dict[str, int] = field(default_factory=dict)

    def found(self, text: str) -> bool:
        end = 1 << len(self.atoms)
        state = self._skipped(1)
        for character in text:
            if state & end and not self.is_last:
                return True
            fits = self._fits(character)
            state = (state & fits) << 1 | state & (fits & self.repeated) << 1
            state = self._skipped(state if self.is_first else state | 1)
        return bool(state & end)

    def _skipped(self, state: int) -> int:
        """With atoms that may be absent left out."""
        while (further := state | (state & self.optional) << 1) != state:
            state = further
        return state

    def _fits(self, character: str) -> int:
        if character not in self.fitting:
            bits = (1 << at for at, atom in enumerate(self.atoms) if atom.fullmatch(character))
            self.fitting[character] = sum(bits)
        return self.fitting[character]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, read. `found` says whether it is found anywhere in a text, without difference of case.

    Python's engine tries again and again where repetition meets repetition, and a careless pattern stands still for
    years. Here a text is read once, whatever the pattern: all ways through a sequence are followed at once, as bits of
    one number (Baeza-Yates and Gonnet, A new approach to text searching, 1992).
    """

    sequences: tuple[_Sequence, ...]

    def found(self, text: str) -> bool:
        return any(sequence.found(text) for sequence in self.sequences)


def read_pattern(text: str) -> Pattern:
    """The pattern written as `text`. Raises Invalid with what to change.

    It is one or more sequences with | between them; a sequence has characters, dots, classes in brackets and the
    escapes d, w, s, D, W, S, each of which *, + or ? may follow, and may begin with ^ and end with $. There are no
    groups, counts, references or look-around.
    """
    if not 0 < len(text) <= MOST_CHARACTERS:
        raise Invalid(f"A pattern has 1 to {MOST_CHARACTERS} characters.")
    return Pattern(tuple(_sequence(branch) for branch in _branches(text)))


def _branches(text: str) -> Iterable[str]:
    """The parts between the bars that are neither escaped nor in a class."""
    start = at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None and text[at] == "|":
            yield text[start:at]
            start = at + 1
        at = token.end() if token else at + 1
    yield text[start:]


def _sequence(branch: str) -> _Sequence:
    inner = branch.removeprefix("^")
    is_last = inner.endswith("$") and not inner.endswith("\\$")
    inner = inner[:-1] if is_last else inner
    atoms: list[re.Pattern[str]] = []
    optional = repeated = at = 0
    while at < len(inner):
        token = _TOKEN.match(inner, at)
        if token is None:
            raise Invalid(_problem(inner[at]))
        optional |= (token["sign"] in ("*", "?")) << len(atoms)
        repeated |= (token["sign"] in ("*", "+")) << len(atoms)
        atoms.append(_atom(token["one"]))
        at = token.end()
    return _Sequence(tuple(atoms), optional, repeated, branch.startswith("^"), is_last)


def _atom(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE | re.DOTALL)
    except re.error as error:
        raise Invalid(f"{text!r} is no class of characters: {error}.") from error


def _problem(sign: str) -> str:
    if sign in "*+?":
        return f"{sign} repeats a repetition or nothing: write it once, after a character or a class."
    if sign in "^$":
        return f"{sign} stands in the middle: ^ begins a pattern and $ ends it, elsewhere write a backslash before it."
    if sign in "(){}":
        return "A pattern has no groups and no counts: write a backslash before ( ) { } where they are meant."
    return f"{sign} is not closed, or escapes what needs none: write a backslash before it where it is meant."
