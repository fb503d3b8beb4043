"""How long a pack of evidence takes to verify offline, and whether random tamperings with one are all found."""

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from domain.evidence.pack import check_pack
from domain.evidence.standalone import verify_file
from tests.factories.evidence_packs import KEY, OTHER_ORG, files_of, write_pack, zipped
from tests.factories.evidence_tampering import EVERY, TAMPERINGS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench evidence", description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, help="records of the pack that is verified")
    parser.add_argument("--tamperings", type=int, default=10_000, help="random tamperings with a small pack")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.records:
            time_verification(Path(folder), asked.records)
        if asked.tamperings:
            count_found(Path(folder), asked.tamperings)


def time_verification(folder: Path, records: int) -> None:
    pack, program = folder / "large.zip", folder / "verify.py"
    program.write_text(verify_file())
    began = time.perf_counter()
    write_pack(pack, records, every=max(records // 8760, 1) * 4)  # 2,190 checkpoints at most
    made = time.perf_counter() - began
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-I", program, pack, "--key", KEY.public], capture_output=True, text=True, check=False
    )
    took = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(done.stdout.strip())
    print(f"made in {made:.1f} s, {pack.stat().st_size / 1e6:.0f} MB; verified by verify.py in {took:.1f} s")
    print(f"{records / took:,.0f} records a second, {memory:.0f} MB at most")


def count_found(folder: Path, times: int) -> None:
    write_pack(folder / "one.zip", 35, EVERY)
    write_pack(folder / "other.zip", 35, EVERY, org_id=OTHER_ORG)
    one, other = files_of(folder / "one.zip"), files_of(folder / "other.zip")
    rng, found, began = random.Random(33), 0, time.perf_counter()
    for _ in range(times):
        tampered = rng.choice(TAMPERINGS)(rng, one, other)
        result = check_pack(zipped(tampered.files), [KEY.public], tampered.held)
        found += (tampered.kind, tampered.place) in [(each.kind, each.place) for each in result.breaks]
    took = time.perf_counter() - began
    print(f"{found:,} of {times:,} tamperings found with place and kind, {times / took:,.0f} a second")
