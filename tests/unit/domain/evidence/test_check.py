"""What the verifier says of chains and packs that are odd without having been tampered with by the book."""

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from documents.audit_key import KeyRing
from domain.errors import Invalid
from domain.evidence import check as checking
from domain.evidence.check import Check, held_head
from domain.evidence.pack import check_pack, main
from domain.evidence.record import checkpoint_of, plain_record, record_line
from domain.evidence.standalone import verify_file
from domain.facts.evidence import BreakKind
from tests.factories.evidence_packs import BEGAN, KEY, ORG, files_of, record_rows, signed, write_pack, zipped

RING = KeyRing([KEY.public])


def lines(count: int) -> list[bytes]:
    return [record_line(row) for row in record_rows(count)]


def found(check: Check) -> list[tuple[str, str]]:
    return [(one.kind, one.place) for one in check.breaks]


def test_the_words_of_the_verifier_are_those_of_the_graph():
    words = {value for name, value in vars(checking).items() if name.isupper() and name == value}

    assert words == {kind.value for kind in BreakKind}


def test_of_very_many_breaks_the_first_are_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checking, "MOST_BREAKS", 3)
    check = Check(ORG, RING.is_signed)

    for _ in range(5):
        check.feed(b"nothing")

    assert (len(check.breaks), check.count) == (3, 5)


@pytest.mark.parametrize("line", [b'{"hash":"' + b"0" * 64 + b'","entry":' + b"[" * 5000 + b"}", b"\xff" * 200])
def test_what_cannot_be_read_is_an_edit(line: bytes):
    check = Check(ORG, RING.is_signed)

    check.feed(line)

    assert found(check) == [("EDITED", "record 1")]


def test_a_record_of_another_type_within_is_an_edit():
    check, (row,) = Check(ORG, RING.is_signed), record_rows(1)

    check.feed(record_line({**row, "record": []} | {"hash": "0" * 64, "_id": "0" * 24}))

    assert found(check) == [("EDITED", "record 1")]


def test_records_after_the_end_do_not_belong_there():
    check = Check(ORG, RING.is_signed)
    for line in lines(5):
        check.feed(line)

    check.finish(3, lines(3)[-1][9:73].decode())

    assert found(check) == [("INSERTED", "records 4 to 5")]


def test_a_gap_of_which_some_comes_later_is_told_in_two_ways():
    check, three = Check(ORG, RING.is_signed), lines(4)
    for line in (three[0], three[3], three[1]):
        check.feed(line)

    check.finish(4, three[3][9:73].decode())

    assert found(check) == [("REORDERED", "record 2"), ("DELETED", "record 3")]


def test_a_held_head_is_compared_with_records_and_with_checkpoints():
    rows = list(record_rows(4))
    made = checkpoint_of(ORG, None, [row["hash"] for row in rows[:2]], BEGAN)
    assert made is not None
    one = signed(made)

    seen, vouched, later = Check(ORG, RING.is_signed), Check(ORG, RING.is_signed, 3, rows[1]["hash"]), None
    seen.held, vouched.held = (3, "0" * 64), (2, "0" * 64)
    vouched.take_checkpoints([one])
    for check, part in ((seen, rows), (vouched, rows[2:])):
        for row in part:
            check.feed(record_line(row))
        check.finish(4, rows[3]["hash"])
    later = Check(ORG, RING.is_signed)
    later.held = (9, "0" * 64)
    later.finish(0, checking.GENESIS)

    assert found(seen) == [("REPLACED", "record 3")]
    assert found(vouched) == [("REPLACED", "record 2")]
    assert found(later) == [("TRUNCATED", "records 1 to 9")]


@pytest.mark.parametrize("text", ["", "5", "x:" + "0" * 64, "5:00"])
def test_what_is_no_head_is_refused(text: str):
    with pytest.raises(ValueError, match=r".+"):
        held_head(text)
    assert held_head(f" 5:{'AB' * 32}\n") == (5, "ab" * 32)


def test_a_checkpoint_that_does_not_follow_is_replaced():
    rows = list(record_rows(4))
    hashes = [row["hash"] for row in rows]
    first = checkpoint_of(ORG, None, hashes[:2], BEGAN)
    other = checkpoint_of(ORG, None, hashes[1:3], BEGAN)
    assert first is not None
    assert other is not None
    second = checkpoint_of(ORG, signed(other), hashes[3:], BEGAN)
    assert second is not None
    assert checkpoint_of(ORG, signed(first), [], BEGAN) is None

    check = Check(ORG, RING.is_signed)
    check.take_checkpoints([signed(first), signed(second)])
    alone = Check(ORG, RING.is_signed)
    alone.take_checkpoints([signed(second)])

    assert found(check) == [("REPLACED", "checkpoint 2")]
    assert found(alone) == [("DELETED", "checkpoint 1")]


def test_checkpoints_from_before_the_beginning_vouch_for_nothing_more():
    rows = list(record_rows(6))
    made: list[dict[str, Any]] = []
    for start in (0, 2, 4):
        one = checkpoint_of(ORG, made[-1] if made else None, [row["hash"] for row in rows[start : start + 2]], BEGAN)
        assert one is not None
        made.append(signed(one))

    check = Check(ORG, RING.is_signed, 5, rows[3]["hash"])
    check.take_checkpoints(made)
    for row in rows[4:]:
        check.feed(record_line(row))
    check.finish(6, rows[5]["hash"])

    assert found(check) == []


@pytest.mark.parametrize("wrong", [{"n": 1 << 64}, {"n": -(1 << 70)}, {"text": "x" * (1 << 20)}])
def test_what_cannot_be_kept_as_it_is_is_refused(wrong: dict[str, Any]):
    with pytest.raises(Invalid):
        plain_record(wrong)


def test_records_hold_json_only():
    assert plain_record({"at": BEGAN, "n": 1, "ratio": 0.5, "names": {"b", "a"}}) == {
        "at": "2026-01-05T09:00:00.000Z",
        "n": 1,
        "ratio": 0.5,
        "names": ["a", "b"],
    }
    (row,) = record_rows(1)
    assert record_line({**row, "more": 1}) == b""
    assert record_line({**row, "created_at": None}) == b""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    write_pack(tmp_path / "pack.zip", 25, 10)
    return tmp_path / "pack.zip"


def test_the_file_in_the_pack_needs_nothing_but_python(pack: Path):
    program = pack.with_name("verify.py")
    program.write_bytes(files_of(pack)["verify.py"])
    assert program.read_text() == verify_file()
    assert main([str(pack), "--key", "00" * 32]) == 1
    assert main([str(program), "--key", KEY.public]) == 2
    commands = [[str(pack), "--key", KEY.public], [str(pack), "--key", "00" * 32], [str(program)]]

    done = [
        subprocess.run([sys.executable, "-I", "-S", program, *one], capture_output=True, text=True, check=False)
        for one in commands
    ]

    assert [one.returncode for one in done] == [0, 1, 2], done
    assert "intact; 25 records, 15 packs of raw answers, 2 checkpoints" in done[0].stdout
    assert "FORGED index.json" in done[1].stdout
    assert "no pack of evidence" in done[2].stdout


def test_without_a_key_that_of_the_pack_is_believed_and_said(pack: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(pack)]) == 0
    assert "pass --key" in capsys.readouterr().out


def test_the_program_ends_with_what_it_found(pack: Path, monkeypatch: pytest.MonkeyPatch):
    program = pack.with_name("verify.py")
    program.write_text(verify_file())
    monkeypatch.setattr(sys, "argv", ["verify.py", str(pack)])

    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(program), run_name="__main__")

    assert ended.value.code == 0


@pytest.mark.parametrize("name", ["records.jsonl", "checkpoints.jsonl", "README.txt"])
def test_a_file_that_is_missing_is_said(pack: Path, name: str):
    files = files_of(pack)
    del files[name]

    result = check_pack(zipped(files), [KEY.public])

    assert ("DAMAGED", name) in [(one.kind, one.place) for one in result.breaks]


def test_a_stamp_must_be_one_of_its_checkpoint_and_unreadable_lines_are_said(pack: Path):
    files = files_of(pack)
    one, two = files["checkpoints.jsonl"].splitlines()
    right = {**json.loads(one), "stamp": checking.checkpoint_digest(json.loads(one))}
    wrong = {**json.loads(two), "stamp": "00"}
    texts = [json.dumps(right).encode(), json.dumps(wrong).encode(), b"{", b'{"stamp":1}']

    result = check_pack(zipped({**files, "checkpoints.jsonl": b"\n".join(texts)}), [KEY.public])

    kinds = [(one.kind, one.place) for one in result.breaks]
    assert ("UNSTAMPED", "checkpoint 2") in kinds
    assert ("UNSTAMPED", "a checkpoint") in kinds
    assert ("EDITED", "checkpoint 3") in kinds
    assert result.stamped == 3


def test_a_zip_whose_content_is_damaged_is_told_by_its_file(pack: Path):
    data = bytearray(pack.read_bytes())
    at = data.index(b"raw/") + 120
    data[at] ^= 255
    pack.write_bytes(data)

    assert check_pack(str(pack), [KEY.public]).broken == 1
