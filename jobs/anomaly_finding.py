"""Writes down what a scan of costs has shown: anomalies with their explanation, and who is to hear of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

from documents.alert import AlertCategory, AlertSource, Cause, raise_alert, resolve_alerts
from documents.anomaly_settings import AnomalySettings
from documents.cost_anomaly import anomalies_of_cause, is_settled, keep_anomaly, note_told, retract_anomalies
from documents.cost_children import children_on
from documents.cost_history import CostHistory, SeriesKey
from documents.cost_period import midnight
from documents.transaction import Transaction
from domain.anomalies.similar import Shape, similar
from domain.anomaly_grouping import Member, Run, causes_of
from domain.anomaly_parts import baselines_of, contributors_of
from domain.anomaly_words import kind_of, severity_of, summary_of, title_of
from domain.facts.anomaly import AnomalyContributor, AnomalyDay, AnomalyDirection, AnomalyKind
from domain.facts.scope import Scope
from domain.facts.severity import Severity
from jobs.anomaly_scan import Scan, series_of

# People hear of what is recent; what an import of old bills shows is listed and not told.
TOLD_FOR = timedelta(days=7)
# People hear of the same anomaly again when it has cost so many times as much. Source: the anomaly recipe, section 6.
AGAIN_AT = 2
MONTH = 30
EXPLAINED = ("summary", "contributors", "explained_ratio")


@dataclass(frozen=True, slots=True)
class Found:
    """An anomaly as it is to be stored, and the line an alert begins with."""

    fields: dict[str, Any]
    title: str


def key_of(series: SeriesKey, run: Run) -> str:
    """The same costs always give the same key."""
    return "|".join([*(part or "" for part in series), run.first_on.isoformat(), run.direction.value])


async def explained(
    scope: Scope,
    scan: Scan,
    history: CostHistory,
    runs: Sequence[Run],
    stored: Mapping[str, Mapping[str, Any]],
    accounts: Mapping[str, ObjectId],
) -> list[Found]:
    """The anomalies with everything they rest on. What is `stored` (by key) with the same numbers is not explained
    again. `accounts` are the connected ones by native id.
    """
    found = []
    for run in runs:
        series, numbers = scan.keys[run.series], _numbers(scan, run)
        native_id = series.sub_account_id or series.billing_account_id
        old = stored.get(key_of(series, run), {})
        if all(old.get(name) == value for name, value in numbers.items()):
            parts = {name: old[name] for name in EXPLAINED}
        else:
            parts = await _parts(scope, scan, history, run)
        fields = {
            **numbers,
            **parts,
            **series._asdict(),
            "key": key_of(series, run),
            "account_id": accounts.get(native_id),
        }
        fields["similar_ids"] = similar_ids(fields, list(stored.values()))
        found.append(Found(fields, title_of(run, series.service_name, history.names.get(native_id, native_id))))
    return found


def similar_ids(fields: Mapping[str, Any], stored: Sequence[Mapping[str, Any]]) -> list[ObjectId]:
    """The stored anomalies before it that looked like it, the most alike first."""
    ids = {raw["key"]: raw["_id"] for raw in stored}
    return [ids[one.key] for one, _ in similar(_shape(fields), [_shape(raw) for raw in stored])]


def _shape(raw: Mapping[str, Any]) -> Shape:
    """How it looked. Where nothing was expected, there is no ratio: such are alike in that."""
    return Shape(
        key=raw["key"],
        series="|".join(part or "" for part in series_of(raw)),
        on=raw["first_on"].date(),
        kind=AnomalyKind(raw["kind"]),
        direction=AnomalyDirection(raw["direction"]),
        ratio=raw["ratio"] or 0.0,
        impact=float(raw["impact"]),
        days=len(raw["days"]),
    )


async def _parts(scope: Scope, scan: Scan, history: CostHistory, run: Run) -> dict[str, Any]:
    series, worst = scan.keys[run.series], run.worst
    children = await children_on(scope, series, worst.on, history.delivered[series.billing_account_id])
    parts = [
        AnomalyContributor(
            by=child.by,
            value=child.value,
            actual=child.actual,
            usual=child.usual,
            change=child.actual - child.usual,
            is_new=child.usual == 0,
        )
        for child in children
    ]
    contributors, share = contributors_of(parts, amount(worst.impact), run.direction)
    return {
        "summary": summary_of(run, series.currency, contributors),
        "contributors": [part.model_dump(mode="json") for part in contributors],
        "explained_ratio": share,
    }


def amount(number: float) -> Decimal:
    """An estimate to the cent."""
    return Decimal(str(round(number, 2)))


def _numbers(scan: Scan, run: Run) -> dict[str, Any]:
    worst = run.worst
    actual, expected = (sum(getattr(flag, name) for flag in run.flags) for name in ("actual", "expected"))
    costs = {
        day: cost
        for back in range(1, 29)
        if (day := worst.on - timedelta(days=back)) >= scan.first
        if (cost := scan.cost(run.series, day)) == cost
    }
    final = scan.is_final[run.series, (run.last_on - scan.first).days]
    return {
        "direction": run.direction.value,
        "kind": kind_of(run).value,
        "severity": severity_of(run).value,
        "first_on": midnight(run.first_on),
        "last_on": midnight(run.last_on),
        "actual": amount(actual),
        "expected": amount(expected),
        "impact": amount(actual - expected),
        "run_rate": amount(MONTH * (actual - expected) / len(run.flags)),
        "ratio": round(worst.actual / worst.expected, 3) if worst.expected > 0 else None,
        "confidence": round(max(flag.confidence for flag in run.flags), 4),
        "is_provisional": not final,
        "days": [_day(flag).model_dump(mode="json") for flag in run.flags],
        "gates": [
            {"name": gate.name, "observed": round(gate.observed, 4), "required": round(gate.required, 4)}
            for gate in run.flags[0].gates
        ],
        "baselines": [one.model_dump(mode="json") for one in baselines_of(costs, worst.on)],
    }


def _day(flag: Any) -> AnomalyDay:
    return AnomalyDay(
        day=flag.on,
        actual=amount(flag.actual),
        expected=amount(flag.expected),
        low=amount(flag.low),
        high=amount(flag.high),
        confidence=round(flag.confidence, 4),
    )


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a scan writes in one transaction. `stored` are the anomalies of before by key; those from `rescanned_from`
    on that are not found again are retracted. `newest` is the newest day of costs.
    """

    org_id: PydanticObjectId
    settings: AnomalySettings
    found: Sequence[Found]
    stored: Mapping[str, Mapping[str, Any]]
    rescanned_from: date
    newest: date
    at: datetime

    async def write(self, tx: Transaction) -> int:
        """Returns how many anomalies are new or other than before."""
        causes = self._causes()
        kept = []
        for one in self.found:
            fields = {**one.fields, "cause": causes[one.fields["key"]]}
            raw = await keep_anomaly(tx, self.org_id, fields, self.stored.get(fields["key"]), self.at)
            if raw is not None:
                kept.append((one, raw))
        gone = self._gone()
        await retract_anomalies(tx, gone, self.at)
        told = [(one, raw) for one, raw in kept if self._is_told(raw)]
        for one, raw in told:
            await raise_alert(tx, self.org_id, self._alert(one, raw), self.at)
        await note_told(tx, {raw["_id"]: raw["impact"] for _, raw in told})
        await self._resolve(tx)
        return len(kept) + len(gone)

    def _causes(self) -> Mapping[str, str]:
        fresh = [_member(one.fields, self.stored.get(one.fields["key"], {}).get("cause")) for one in self.found]
        known = {member.key for member in fresh}
        others = [_member(raw, raw["cause"]) for key, raw in self.stored.items() if key not in known]
        return causes_of([*fresh, *others])

    def _gone(self) -> list[Mapping[str, Any]]:
        found = {one.fields["key"] for one in self.found}
        return [
            raw
            for key, raw in self.stored.items()
            if key not in found and raw["last_on"].date() >= self.rescanned_from and not is_settled(raw)
        ]

    def _is_told(self, raw: Mapping[str, Any]) -> bool:
        if is_settled(raw) or raw["last_on"].date() < self.newest - TOLD_FOR:
            return False
        before = raw.get("told_impact")
        return before is None or abs(raw["impact"]) >= AGAIN_AT * abs(before)

    def _alert(self, one: Found, raw: Mapping[str, Any]) -> Cause:
        is_sure = raw["confidence"] >= self.settings.tell_from
        return Cause(
            fingerprint=raw["cause"],
            source=AlertSource.ANOMALY,
            severity=Severity(raw["severity"]) if is_sure else Severity.LOW,
            title=one.title,
            message=_message(raw),
            account_id=raw["account_id"],
            service=raw["service_name"],
            category=AlertCategory.FINOPS,
            occurred_at=raw["first_on"],
        )

    async def _resolve(self, tx: Transaction) -> None:
        """Resolve the alerts of causes of which nothing is open any more."""
        causes = sorted({raw["cause"] for raw in self.stored.values()})
        over = [
            cause
            for cause in causes
            if all(is_settled(raw) for raw in await anomalies_of_cause(self.org_id, cause, tx.session))
        ]
        await resolve_alerts(tx, self.org_id, over, self.at)


def _message(raw: Mapping[str, Any]) -> str:
    if raw["kind"] == AnomalyKind.COMMITMENT:
        return str(raw["summary"])
    return f"{raw['summary']} Right {100 * raw['confidence']:.0f} times in a hundred."


def _member(fields: Mapping[str, Any], cause: str | None) -> Member:
    return Member(
        key=fields["key"],
        direction=fields["direction"],
        account=fields.get("sub_account_id") or fields["billing_account_id"],
        service=fields["service_name"],
        first_on=fields["first_on"].date(),
        cause=cause,
    )
