"""Ways to tamper with a pack of evidence, each with the kind and the place of the break that must be found."""

import json
from collections.abc import Callable
from hashlib import sha256
from random import Random
from typing import Any, NamedTuple

from documents.audit_key import AuditKey
from domain.audit.canonical import GENESIS, canonical
from domain.evidence.record import checkpoint_of
from tests.factories.evidence_packs import BEGAN, KEY, Files, signed

THIEF = AuditKey(bytes(32))
EVERY = 10  # records to a checkpoint


class Tampered(NamedTuple):
    """`held`: the head the customer holds, where only that tells."""

    files: Files
    kind: str
    place: str
    held: str | None = None


Tamper = Callable[[Random, Files, Files], Tampered]


def lines(files: Files, name: str = "records.jsonl") -> list[bytes]:
    return files[name].splitlines()


def with_lines(files: Files, changed: list[bytes], name: str = "records.jsonl") -> Files:
    return {**files, name: b"".join(line + b"\n" for line in changed)}


def line_of(entry: dict[str, Any]) -> bytes:
    text = canonical(entry)
    return b'{"hash":"' + sha256(text).hexdigest().encode() + b'","entry":' + text + b"}"


def entry_of(line: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(line)["entry"]
    return entry


def window_of(seq: int, count: int) -> str:
    """Where a rewritten chain is caught: by the checkpoint over it, or at its signed end."""
    first = (seq - 1) // EVERY * EVERY + 1
    return f"records {first} to {first + EVERY - 1}" if first + EVERY - 1 <= count else f"record {count}"


def edit_record(rng: Random, files: Files, _: Files) -> Tampered:
    rows = lines(files)
    at = rng.randrange(len(rows))
    rows[at] = rows[at].replace(b'"PASS"', b'"FAIL"')
    return Tampered(with_lines(files, rows), "EDITED", f"record {at + 1}")


def spoil_a_byte(rng: Random, files: Files, _: Files) -> Tampered:
    rows = lines(files)
    at = rng.randrange(len(rows))
    place = rng.randrange(len(rows[at]))
    spoilt = bytes([(rows[at][place] + rng.randrange(1, 100)) % 127 or 1])
    if spoilt in b"\r\n\x0b\x0c\x1c\x1d\x1e" or spoilt == rows[at][place : place + 1]:
        spoilt = b"\x7f"
    rows[at] = rows[at][:place] + spoilt + rows[at][place + 1 :]
    return Tampered(with_lines(files, rows), "EDITED", f"record {at + 1}")


def edit_with_hash(rng: Random, files: Files, _: Files) -> Tampered:
    rows = lines(files)
    at = rng.randrange(len(rows))
    entry = entry_of(rows[at])
    rows[at] = line_of({**entry, "record": {**entry["record"], "status": "FAIL"}})
    return Tampered(with_lines(files, rows), "REPLACED", f"record {at + 1}")


def rewrite_from(rng: Random, files: Files, _: Files) -> Tampered:
    rows = lines(files)
    at = rng.randrange(len(rows))
    prev_hash = entry_of(rows[at])["prev_hash"]
    for index in range(at, len(rows)):
        rows[index] = line_of({**entry_of(rows[index]), "prev_hash": prev_hash, "at": "2026-02-01T00:00:00.000Z"})
        prev_hash = rows[index][9:73].decode()
    return Tampered(with_lines(files, rows), "REPLACED", window_of(at + 1, len(rows)))


def delete_record(rng: Random, files: Files, _: Files) -> Tampered:
    rows = lines(files)
    at = rng.randrange(len(rows) - 1)
    del rows[at]
    return Tampered(with_lines(files, rows), "DELETED", f"record {at + 1}")


def insert_record(rng: Random, files: Files, _: Files) -> Tampered:
    rows = lines(files)
    at = rng.randrange(len(rows))
    entry = {**entry_of(rows[at]), "at": "2026-02-01T00:00:00.000Z"}
    rows.insert(at, line_of(entry))
    return Tampered(with_lines(files, rows), "INSERTED", f"record {at + 1}")


def repeat_record(rng: Random, files: Files, _: Files) -> Tampered:
    rows = lines(files)
    at = rng.randrange(len(rows))
    rows.insert(rng.randrange(at + 1, len(rows) + 1), rows[at])
    return Tampered(with_lines(files, rows), "INSERTED", f"record {at + 1}")


def insert_garbage(rng: Random, files: Files, _: Files) -> Tampered:
    rows = lines(files)
    at = rng.randrange(len(rows))
    rows.insert(at, rng.choice([b"", b"{}", b"[" * 9000, b"null", b'{"hash":1,"entry":{}}']))
    return Tampered(with_lines(files, rows), "EDITED", f"record {at + 1}")


def move_record(rng: Random, files: Files, _: Files) -> Tampered:
    rows = lines(files)
    at, to = rng.sample(range(len(rows)), 2)
    rows.insert(to, rows.pop(at))
    return Tampered(with_lines(files, rows), "REORDERED", f"record {min(at, to) + 1}")


def truncate(rng: Random, files: Files, _: Files) -> Tampered:
    rows = lines(files)
    left = rng.randrange(len(rows) - 1)
    place = f"records {left + 1} to {len(rows)}"
    return Tampered(with_lines(files, rows[:left]), "TRUNCATED", place)


def truncate_and_sign_anew(rng: Random, files: Files, _: Files) -> Tampered:
    """By whoever has the key: only the head that the customer holds tells."""
    rows, index = lines(files), json.loads(files["index.json"])
    held = f"{index['last_seq']}:{index['last_hash']}"
    left = rng.randrange(1, len(rows))
    tells = left // EVERY
    cut = with_lines(with_lines(files, rows[:left]), lines(files, "checkpoints.jsonl")[:tells], "checkpoints.jsonl")
    index |= {"last_seq": left, "last_hash": rows[left - 1][9:73].decode(), "last_checkpoint": tells}
    last = f"record {len(rows)}" if left + 1 == len(rows) else f"records {left + 1} to {len(rows)}"
    return Tampered(sealed(cut, index, KEY), "TRUNCATED", last, held)


def rewrite_and_sign_anew(rng: Random, files: Files, _: Files) -> Tampered:
    """By whoever has the key."""
    held = json.loads(files["index.json"])
    files, _index = resigned(rng, files, KEY)
    return Tampered(files, "REPLACED", f"record {held['last_seq']}", f"{held['last_seq']}:{held['last_hash']}")


def take_from_other_tenant(rng: Random, files: Files, other: Files) -> Tampered:
    rows, others = lines(files), lines(other)
    at = rng.randrange(len(rows))
    rows[at] = others[at]
    return Tampered(with_lines(files, rows), "FOREIGN", f"record {at + 1}")


def take_checkpoint_from_other_tenant(rng: Random, files: Files, other: Files) -> Tampered:
    rows, others = lines(files, "checkpoints.jsonl"), lines(other, "checkpoints.jsonl")
    at = rng.randrange(len(rows))
    rows[at] = others[at]
    return Tampered(with_lines(files, rows, "checkpoints.jsonl"), "FOREIGN", f"checkpoint {at + 1}")


def take_raw_from_other_tenant(rng: Random, files: Files, other: Files) -> Tampered:
    mine, theirs = (rng.choice(sorted(name for name in one if name.startswith("raw/"))) for one in (files, other))
    return Tampered({**files, mine: other[theirs]}, "PACK_CHANGED", f"pack {mine[4:-5]}")


def edit_raw(rng: Random, files: Files, _: Files) -> Tampered:
    name = rng.choice(sorted(name for name in files if name.startswith("raw/")))
    return Tampered({**files, name: files[name].replace(b"things", b"thinks")}, "PACK_CHANGED", f"pack {name[4:-5]}")


def delete_raw(rng: Random, files: Files, _: Files) -> Tampered:
    name = rng.choice(sorted(name for name in files if name.startswith("raw/")))
    left = {each: data for each, data in files.items() if each != name}
    return Tampered(left, "PACK_MISSING", f"pack {name[4:-5]}")


def insert_raw(rng: Random, files: Files, _: Files) -> Tampered:
    text = rng.randbytes(20)
    name = f"raw/{sha256(text).hexdigest()}.json"
    return Tampered({**files, name: text}, "INSERTED", name)


def edit_checkpoint(rng: Random, files: Files, _: Files) -> Tampered:
    rows = [json.loads(line) for line in lines(files, "checkpoints.jsonl")]
    at = rng.randrange(len(rows))
    name = rng.choice(["root", "window_root", "last_hash", "at", "previous"])
    rows[at][name] = "0" * 63 + "1"
    changed = with_lines(files, [canonical(row) for row in rows], "checkpoints.jsonl")
    return Tampered(changed, "FORGED", f"checkpoint {at + 1}")


def edit_peaks(rng: Random, files: Files, _: Files) -> Tampered:
    rows = [json.loads(line) for line in lines(files, "checkpoints.jsonl")]
    at = rng.randrange(len(rows))
    rows[at]["peaks"] = rng.choice([[], None, ["00" * 32], [*rows[at]["peaks"], "00" * 32]])
    changed = with_lines(files, [canonical(row) for row in rows], "checkpoints.jsonl")
    return Tampered(changed, "EDITED", f"checkpoint {at + 1}")


def delete_checkpoint(rng: Random, files: Files, _: Files) -> Tampered:
    rows = lines(files, "checkpoints.jsonl")
    at = rng.randrange(len(rows))
    kind = "TRUNCATED" if at == len(rows) - 1 else "DELETED"
    del rows[at]
    return Tampered(with_lines(files, rows, "checkpoints.jsonl"), kind, f"checkpoint {at + 1}")


def swap_checkpoints(rng: Random, files: Files, _: Files) -> Tampered:
    rows = lines(files, "checkpoints.jsonl")
    at = rng.randrange(1, len(rows) - 1)
    rows[at], rows[at + 1] = rows[at + 1], rows[at]
    return Tampered(with_lines(files, rows, "checkpoints.jsonl"), "REORDERED", f"checkpoint {at + 1}")


def sign_checkpoint_with_another_key(rng: Random, files: Files, _: Files) -> Tampered:
    rows = [json.loads(line) for line in lines(files, "checkpoints.jsonl")]
    at = rng.randrange(len(rows))
    rows[at] = signed(rows[at], THIEF)
    changed = with_lines(files, [canonical(row) for row in rows], "checkpoints.jsonl")
    return Tampered(changed, "FORGED", f"checkpoint {at + 1}")


def sign_everything_with_another_key(rng: Random, files: Files, _: Files) -> Tampered:
    changed, _index = resigned(rng, files, THIEF)
    return Tampered(changed, "FORGED", rng.choice(["index.json", "checkpoint 1", "checkpoint 2"]))


def edit_index(rng: Random, files: Files, _: Files) -> Tampered:
    index = json.loads(files["index.json"])
    index["at_before"] = f"2027-01-{rng.randrange(10, 29)}T00:00:00.000Z"
    return Tampered({**files, "index.json": json.dumps(index).encode()}, "FORGED", "index.json")


def edit_another_file(rng: Random, files: Files, _: Files) -> Tampered:
    name = rng.choice(["README.txt", "verify.py", "keys.json"])
    return Tampered({**files, name: files[name] + b" "}, "DAMAGED", name)


def resigned(rng: Random, files: Files, key: AuditKey) -> tuple[Files, dict[str, Any]]:
    """A record changed, and everything after it hashed and signed anew."""
    rows, index = lines(files), json.loads(files["index.json"])
    at, prev_hash = rng.randrange(len(rows)), GENESIS
    for position, row in enumerate(rows):
        entry = {**entry_of(row), "prev_hash": prev_hash}
        if position == at:
            entry["record"] = {**entry["record"], "status": "FAIL"}
        rows[position] = line_of(entry)
        prev_hash = rows[position][9:73].decode()
    made: list[dict[str, Any]] = []
    for old in map(json.loads, lines(files, "checkpoints.jsonl")):
        hashes = [row[9:73].decode() for row in rows[old["first_seq"] - 1 : old["last_seq"]]]
        fresh = checkpoint_of(index["org_id"], made[-1] if made else None, hashes, BEGAN)
        assert fresh is not None
        made.append(signed({**fresh, "at": old["at"]}, key))
    files = with_lines(with_lines(files, rows), [canonical(one) for one in made], "checkpoints.jsonl")
    files["keys.json"] = json.dumps([key.public]).encode()
    index["last_hash"] = prev_hash
    return sealed(files, index, key), index


def sealed(files: Files, index: dict[str, Any], key: AuditKey) -> Files:
    """With an index that is right for these files."""
    index = {**index, "key_id": key.id, "files": {name: sha256(files[name]).hexdigest() for name in index["files"]}}
    del index["signature"]
    return {**files, "index.json": json.dumps({**index, "signature": key.sign(index)}).encode()}


TAMPERINGS: tuple[Tamper, ...] = (
    edit_record,
    spoil_a_byte,
    edit_with_hash,
    rewrite_from,
    delete_record,
    insert_record,
    repeat_record,
    insert_garbage,
    move_record,
    truncate,
    truncate_and_sign_anew,
    rewrite_and_sign_anew,
    take_from_other_tenant,
    take_checkpoint_from_other_tenant,
    take_raw_from_other_tenant,
    edit_raw,
    delete_raw,
    insert_raw,
    edit_checkpoint,
    edit_peaks,
    delete_checkpoint,
    swap_checkpoints,
    sign_checkpoint_with_another_key,
    sign_everything_with_another_key,
    edit_index,
    edit_another_file,
)
