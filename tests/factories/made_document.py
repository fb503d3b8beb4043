"""Documents made at random for a graph: aliases, fragments, conditions, `__typename`, fields that merge."""

import random
from typing import Any

from tests.factories.made_schema import Graph

CONDITIONS = ("", "", "", "", "", " @skip(if: $no)", " @include(if: $yes)", " @skip(if: true)", " @include(if: true)")
VARIABLES = {"$no": "$no: Boolean!", "$yes": "$yes: Boolean = true", "$wanted": "$wanted: Int"}


class Document:
    """Draws one document; `text` and `variables` are what is sent."""

    def __init__(self, rng: random.Random, graph: Graph) -> None:
        self._rng = rng
        self._graph = graph
        self._fragments: list[str] = []
        roots = [*(name.lower() for name in graph.types), "things", "strict", "eithers", "either"]
        chosen = rng.sample(roots, rng.randint(1, 2))
        body = " ".join(self._root(name) for name in chosen)
        text = " ".join(("{", body, "}", *self._fragments))
        used = [told for name, told in VARIABLES.items() if name in text]
        self.text = f"query ({', '.join(used)}) {text}" if used else text
        self.variables: dict[str, Any] = {"no": rng.random() < 0.5}
        if rng.random() < 0.5:
            self.variables["yes"] = rng.choice((True, False, None))
        if rng.random() < 0.5:
            self.variables["wanted"] = rng.choice((0, 1))

    def _root(self, name: str) -> str:
        on = {"things": "Thing", "strict": "Thing", "eithers": "Either", "either": "Either"}.get(name, name.upper())
        return f"{self._alias()}{name}{self._condition()} {self._selection(on, 0)}"

    def _alias(self) -> str:
        return f"a{self._rng.randint(0, 10**6)}: " if self._rng.random() < 0.2 else ""

    def _condition(self) -> str:
        return self._rng.choice(CONDITIONS)

    def _selection(self, on: str, depth: int) -> str:
        rng = self._rng
        parts = ["__typename"] if rng.random() < 0.4 or on == "Either" else ["number"] if on == "Thing" else []
        if on in self._graph.types:
            parts += [self._field(spec, depth) for spec in self._graph.types[on] if rng.random() < 0.8]
            if rng.random() < 0.3:
                parts.append(f"...{self._condition()} {{ number }}")
        else:
            members = list(self._graph.types) if on == "Thing" else list(self._graph.types)[-2:]
            parts += [f"... on {name} {self._selection(name, depth + 1)}" for name in members if depth < 3]
        if rng.random() < 0.15:
            parts.append(self._spread(on, depth))
        rng.shuffle(parts)
        return "{ " + " ".join(part or "__typename" for part in parts or ["__typename"]) + " }"

    def _field(self, spec: Any, depth: int) -> str:
        is_composite = isinstance(spec.shape.named, str)
        if is_composite and depth > 3:
            return "__typename"
        # The same field of different types may differ in type, so each goes by a name of its own.
        name = f"{spec.name}_{spec.owner}: {spec.name}"
        if spec.reading == "argument" and self._rng.random() < 0.5:
            name = f"w{name}(wanted: $wanted)"
        return f"{name}{self._condition()} {self._selection(spec.shape.named, depth + 1) if is_composite else ''}"

    def _spread(self, on: str, depth: int) -> str:
        name = f"Part{len(self._fragments)}"
        self._fragments.append("")
        where = len(self._fragments) - 1
        self._fragments[where] = f"fragment {name} on {on} {self._selection(on, depth + 1)}"
        return f"...{name}{self._condition()}"
