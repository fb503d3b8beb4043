"""Raw answers are packed the same way each time, whatever order they come in."""

import hashlib
import random

import orjson
import pytest

from connectors.reading.sink import PartKey, RawAnswer
from jobs import evidence_packer
from jobs.evidence_packer import EvidencePacker

PART = PartKey("GET /v1/things", None)


def answer(number: int, text: str = "") -> RawAnswer:
    return RawAnswer(
        part=PART,
        operation="GET /v1/things/{id}",
        region=None,
        arguments={"id": number},
        page=0,
        answer={"id": number, "text": text or f"thing {number} " * 20},
    )


def packed(answers: list[RawAnswer]) -> list[bytes]:
    packer = EvidencePacker()
    for one in answers:
        packer.add(one)
    packs = list(packer.packs())
    packer.close()
    return packs


@pytest.fixture(autouse=True)
def small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_packer, "MOST_BYTES", 20_000)
    monkeypatch.setattr(evidence_packer, "FEWEST_BYTES", 5_000)
    monkeypatch.setattr(evidence_packer, "IN_MEMORY", 1_000)


def test_every_answer_is_in_one_pack_with_what_was_asked():
    packs = packed([answer(number) for number in range(500)])

    found = [entry for pack in packs for entry in orjson.loads(pack)]
    assert len(packs) > 5
    assert sorted(entry[2]["id"] for entry in found) == list(range(500))
    assert all(entry[:2] == ["GET /v1/things/{id}", None] for entry in found)
    assert all(entry[4]["id"] == entry[2]["id"] for entry in found)


def test_the_order_in_which_answers_come_does_not_matter():
    answers = [answer(number) for number in range(300)]
    shuffled = random.Random(7).sample(answers, len(answers))

    assert packed(shuffled) == packed(answers)


def test_one_answer_that_changes_leaves_the_packs_of_the_others_alone():
    before = packed([answer(number) for number in range(500)])
    after = packed([answer(number, "changed" if number == 123 else "") for number in range(500)])

    # It is shorter now, so the pack behind it may begin earlier too, up to the next name that ends one.
    assert 1 <= len(set(before) - set(after)) <= 3
    assert len(before) > 10


def test_packs_stay_below_their_size():
    assert max(map(len, packed([answer(number) for number in range(500)]))) <= 20_000 + 500


def test_an_answer_that_is_too_long_is_kept_by_its_length_and_hash(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(evidence_packer, "LONGEST_ANSWER", 1000)

    (pack,) = packed([answer(1, "x" * 2000)])

    whole = orjson.dumps(["GET /v1/things/{id}", None, {"id": 1}, 0, {"id": 1, "text": "x" * 2000}])
    ((*_, kept),) = orjson.loads(pack)
    assert kept == {"bytes": len(whole), "sha256": hashlib.sha256(whole).hexdigest()}


def test_a_part_without_answers_has_no_packs():
    assert packed([]) == []
