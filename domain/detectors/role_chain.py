"""One role that takes on another for the first time."""

from datetime import timedelta

from domain.detection.cloudtrail import asked, identity, is_call
from domain.detection.detector import Detector, DetectorContext, Sighting, Trace, mark_of
from domain.detection.example import AT, call, fires, quiet, remembered
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity

# Weekly jobs have run once by then.
LEARNING = timedelta(days=8)


def is_new_chain(event: ProviderEvent, context: DetectorContext) -> Sighting | None:
    """Fires on a pair of roles that was not seen before, once the account was watched for long enough."""
    trace, recalled = chain(event), context.recalled
    if trace is None or recalled.since is None or event.at - recalled.since < LEARNING:
        return None
    if trace.marks <= recalled.before:
        return None
    target = str(asked(event).get("roleArn"))
    return Sighting(
        message=f"{event.principal} has taken on {target} for the first time in 90 days.",
        resource=target,
    )


def chain(event: ProviderEvent) -> Trace | None:
    """The two roles, of a role that takes on another by itself."""
    target = asked(event).get("roleArn")
    is_own = event.principal_kind == "AssumedRole" and not identity(event).get("invokedBy")
    if not is_call(event, "AssumeRole") or not is_own or not target:
        return None
    return Trace("", frozenset({mark_of(f"{event.principal}>{target}")}))


_EVENT = call("AssumeRole", "sts", kind="AssumedRole", user="web", request={"roleArn": "arn:aws:iam::1:role/admin"})
_SEEN = mark_of(f"{_EVENT.principal}>arn:aws:iam::1:role/admin")
_LONG_AGO = AT - LEARNING

DETECTOR = Detector(
    id="role-chain",
    title="A role has taken on another for the first time",
    severity=Severity.MEDIUM,
    source="CloudTrail AssumeRole; MITRE ATT&CK T1550.001, T1078.004",
    blind_spots="It is quiet for the first eight days of an account's events, because everything is new then, and "
    "what an "
    "intruder does in them counts as usual. It remembers the last thousand pairs of an account for 90 days. New "
    "software "
    "that takes on roles is reported once.",
    check=is_new_chain,
    trace=chain,
    window=timedelta(days=90),
    examples=(
        fires(_EVENT, recalled=remembered({"a>b"}, since=_LONG_AGO)),
        quiet(_EVENT, recalled=remembered({_SEEN}, since=_LONG_AGO)),
        quiet(_EVENT, recalled=remembered({"a>b"}, since=AT - timedelta(days=1))),
        quiet(_EVENT),
        quiet(call("AssumeRole", "sts", request={"roleArn": "r"}), recalled=remembered({"a>b"}, since=_LONG_AGO)),
    ),
)
