"""Folds a long history into spells: times in which the same was said. Takes it in order, keeps little of it. Pure."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.compliance.audit_report import History, ItemSpell, Spell
from domain.facts.compliance import CheckStatus, Integration, Verdict

# Of one control; the newest stay.
MOST_SPELLS, MOST_ITEMS = 200, 200
# What needs no line of its own.
_QUIET = frozenset({CheckStatus.PASS, CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED})


@dataclass(slots=True)
class CheckFolder:
    """Takes the records of one control, the oldest first."""

    history: History = field(default_factory=History)
    _open: dict[tuple[str, str], Spell] = field(default_factory=dict)
    _kept: deque[Spell] = field(default_factory=lambda: deque(maxlen=MOST_SPELLS))

    def add(self, row: Mapping[str, Any]) -> None:
        """A stored record of evidence."""
        record, mark = row["record"], (row["seq"], row["hash"])
        status = CheckStatus(record["status"])
        key = (str(record["integration"]), str(record.get("account") or ""))
        self.history.counts[status] += 1
        self.history.first, self.history.last = self.history.first or mark, mark
        spell = self._open.get(key)
        if spell is not None and spell.status is status:
            spell.until, spell.checks, (spell.last, spell.last_hash) = row["at"], spell.checks + 1, mark
            return
        if spell is not None:
            self._close(spell)
        self._open[key] = Spell(
            integration=key[0],
            account=key[1],
            status=status,
            since=row["at"],
            until=row["at"],
            checks=1,
            first=mark[0],
            first_hash=mark[1],
            last=mark[0],
            last_hash=mark[1],
            problem=record.get("problem"),
        )

    def end(self) -> History:
        """The history, when all has been added."""
        for spell in self._open.values():
            self._close(spell)
        self.history.spells = sorted(self._kept, key=lambda one: one.first)
        return self.history

    def _close(self, spell: Spell) -> None:
        if spell.status in _QUIET:
            return
        self.history.more_spells += len(self._kept) == MOST_SPELLS
        self._kept.append(spell)


@dataclass(slots=True)
class ItemFolder:
    """Takes what did not pass in the checks of one control, each time that changed, the oldest first."""

    first: datetime
    _open: dict[object, dict[tuple[str, str, str], ItemSpell]] = field(default_factory=dict)

    def add(
        self, check: object, integration: Integration, account: str, items: Iterable[Mapping[str, Any]], at: datetime
    ) -> Iterator[ItemSpell]:
        """All that does not pass in a check from now on; gives what has ended by that, in the period."""
        before, now = self._open.get(check, {}), dict[tuple[str, str, str], ItemSpell]()
        for item in items:
            key = (item["resource"], item["verdict"], item["expected"])
            now[key] = before.get(key) or ItemSpell(
                integration=integration,
                account=account,
                resource=item["resource"],
                verdict=Verdict(item["verdict"]),
                observed=item["observed"],
                expected=item["expected"],
                since=at,
            )
        self._open[check] = now
        for key, spell in before.items():
            if key not in now:
                spell.until = at
                if at > self.first:
                    yield spell

    def end(self) -> Iterator[ItemSpell]:
        """What has not ended."""
        for spells in self._open.values():
            yield from spells.values()
