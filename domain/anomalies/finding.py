"""What one rule says of all series of a day: where it holds, and each of its gates."""

from dataclasses import dataclass

import numpy as np

from domain.anomalies.flag import Gate, Rule
from domain.anomalies.state import Bools, Floats

# A gate whose requirement is next to nothing says no more than that it holds.
CLEAREST = 20.0
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Finding:
    """gates: name, observed and required of each, one number per series. It holds where all gates do and it may
    speak.
    """

    rule: Rule
    holds: Bools
    gates: tuple[tuple[str, Floats, Floats], ...]
    margin: Floats

    def gates_of(self, row: int) -> tuple[Gate, ...]:
        """Of one series."""
        return tuple(Gate(name, float(observed[row]), float(required[row])) for name, observed, required in self.gates)


def found(rule: Rule, may: Bools, *gates: tuple[str, Floats, Floats]) -> Finding:
    """A rule that may speak for these series; the margin is the weakest gate, observed to required."""
    required = [np.maximum(needed, _NOTHING) for _, _, needed in gates]
    margins = [np.nan_to_num(seen / needed, nan=-1.0) for (_, seen, _), needed in zip(gates, required, strict=True)]
    margin = np.clip(np.minimum.reduce(margins), -CLEAREST, CLEAREST)
    named = tuple((name, seen, needed) for (name, seen, _), needed in zip(gates, required, strict=True))
    return Finding(rule, np.asarray(may & (margin >= 1.0)), named, margin)
