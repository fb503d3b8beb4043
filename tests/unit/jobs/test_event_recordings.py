"""Recordings of attacks and of ordinary work, replayed through the parser and every detector."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from connectors.events import aws, okta
from domain.detection.detector import NEVER_SEEN, Recollection
from domain.detection.judgement import judge, traces_of
from domain.detectors.registry import all_detectors, get_detector
from domain.facts.provider_event import ProviderEvent

# How many of the events that the recording calls ordinary must raise nothing.
QUIET_SHARE = 0.99
ATTACKS = (
    "aws.credential-access.ec2-get-password-data",
    "aws.credential-access.secretsmanager-batch-retrieve-secrets",
    "aws.credential-access.ssm-retrieve-securestring-parameters",
    "aws.defense-evasion.cloudtrail-event-selectors",
    "aws.defense-evasion.dns-delete-logs",
    "aws.defense-evasion.vpc-remove-flow-logs",
    "aws.execution.ec2-launch-unusual-instances",
    "aws.execution.ssm-send-command",
    "aws.exfiltration.ec2-security-group-open-port-22-ingress",
    "aws.exfiltration.ec2-share-ebs-snapshot",
    "aws.impact.bedrock-invoke-model",
    "aws.lateral-movement.ec2-instance-connect",
    "aws.persistence.iam-backdoor-role",
    "aws.persistence.iam-create-admin-user",
    "aws.persistence.iam-create-user-login-profile",
    "aws.persistence.lambda-layer-extension",
    "aws.persistence.rolesanywhere-create-trust-anchor",
    "aws.privilege-escalation.iam-update-user-login-profile",
)
# What the catalogue of conditions says about the same techniques.
EXPECTED = {
    "aws.defense-evasion.cloudtrail-event-selectors": "trail-selectors-narrowed",
    "aws.exfiltration.ec2-security-group-open-port-22-ingress": "sg-world-open",
    "aws.exfiltration.ec2-share-ebs-snapshot": "snapshot-public",
    "aws.persistence.iam-backdoor-role": "trust-policy-open",
    "aws.persistence.iam-create-admin-user": "admin-policy-attached",
    "aws.credential-access.ec2-get-password-data": "mass-secret-read",
    "aws.credential-access.secretsmanager-batch-retrieve-secrets": "mass-secret-read",
    "aws.credential-access.ssm-retrieve-securestring-parameters": "mass-secret-read",
}


class Memory:
    """What is remembered of events, as the database would; without bounds, because recordings are short."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], dict[str, Any]] = {}
        self._since: dict[tuple[str, str], Any] = {}

    def recall(self, event: ProviderEvent) -> dict[str, Recollection]:
        recalled = {}
        for id, trace in traces_of(all_detectors(), event).items():
            key = (id, trace.subject)
            marks = self._seen.setdefault(key, {})
            oldest = event.at - get_detector(id).window
            before = frozenset(mark for mark, at in marks.items() if at > oldest)
            recalled[id] = Recollection(before, self._since.get(key)) if key in self._since else NEVER_SEEN
            self._since.setdefault(key, event.at)
            marks.update(dict.fromkeys(trace.marks, event.at))
        return recalled


def replayed(records: Iterable[dict[str, Any]]) -> list[tuple[dict[str, Any], set[str]]]:
    """Each record with the detectors that fire on it, in the order in which they happened."""
    memory, found = Memory(), []
    for record in sorted(records, key=lambda one: one["eventTime"]):
        envelope = {"id": "e", "detail-type": "AWS API Call via CloudTrail", "detail": record}
        (event,) = aws.parse_events("eventbridge", envelope)
        own = frozenset({str(event.account_native_id)})
        verdicts = judge(all_detectors(), event, own, memory.recall(event))
        found.append((record, {verdict.detector.id for verdict in verdicts}))
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def is_attack(record: dict[str, Any]) -> bool:
    return str(record.get("userAgent")).removeprefix("[").startswith("stratus-red-team_")


def is_ordinary(record: dict[str, Any]) -> bool:
    return not is_attack(record) and "Terraform" not in str(record.get("userAgent"))


def test_every_recorded_attack_is_known_here(shared: Path) -> None:
    recorded = {path.stem for path in (shared / "data" / "cloudtrail" / "stratus").glob("*.json")}

    assert recorded == set(ATTACKS)


@pytest.mark.parametrize("technique", ATTACKS)
def test_every_recorded_attack_is_noticed(shared: Path, technique: str) -> None:
    records = json.loads((shared / "data" / "cloudtrail" / "stratus" / f"{technique}.json").read_text())

    fired = {id for _, ids in replayed(records) for id in ids}

    assert fired
    assert EXPECTED.get(technique, next(iter(fired))) in fired


def test_ordinary_work_around_an_attack_stays_quiet_and_the_attack_does_not(shared: Path) -> None:
    found = replayed(lines(shared / "data" / "cloudtrail" / "other" / "simulation_2023_07_10_a.ndjson.gz"))

    ordinary = [ids for record, ids in found if is_ordinary(record)]
    attacked = {id for record, ids in found if is_attack(record) for id in ids}
    # As counted by the recording's own rule of labels.
    assert len(found) == 1910
    assert len(ordinary) == 1910 - 162 - 1334
    assert sum(not ids for ids in ordinary) >= QUIET_SHARE * len(ordinary)
    assert {"mass-secret-read", "denied-burst", "gpu-launch", "trail-selectors-narrowed"} <= attacked


def test_a_trail_that_could_not_be_stopped_is_no_alert(shared: Path) -> None:
    found = replayed(lines(shared / "data" / "cloudtrail" / "other" / "simulation_2023_07_10_a.ndjson.gz"))

    stopping = [(record, ids) for record, ids in found if record["eventName"] in ("StopLogging", "DeleteTrail")]
    assert {bool(record.get("errorCode")) for record, _ in stopping} == {True, False}
    assert all(("trail-stopped" in ids) == (not record.get("errorCode")) for record, ids in stopping)


@pytest.mark.parametrize("secret", ["SecretAccessKey", "sessionToken", "BEGIN RSA PRIVATE KEY"])
def test_what_was_recorded_is_kept_without_its_secrets(secret: str) -> None:
    inner = {secret: "hush"} if "BEGIN" not in secret else {"pem": f"-----{secret}----- hush"}
    record = {
        "eventName": "CreateAccessKey",
        "eventSource": "iam.amazonaws.com",
        "responseElements": {"accessKey": {"accessKeyId": "AKIAEXAMPLE", **inner}},
    }

    (event,) = aws.parse_events("eventbridge", {"detail-type": "AWS API Call via CloudTrail", "detail": record})

    assert "hush" not in json.dumps(event.raw)
    assert event.raw["responseElements"]["accessKey"]["accessKeyId"] == "AKIAEXAMPLE"


def test_labelled_entries_of_okta_are_all_read(shared: Path) -> None:
    labelled = lines(shared / "data" / "cloudtrail" / "labelled" / "okta.ndjson.gz")
    # The others are results of queries over many entries, with columns of their own.
    entries = [one["event"] for one in labelled if "eventType" in one["event"]]

    events = [okta.parse_events("system_log", entry)[0] for entry in entries]

    assert entries
    assert Counter(event.name for event in events) == Counter(entry["eventType"] for entry in entries)
