"""Whatever is done to a pack of evidence is found, with its place and its kind."""

import random
from pathlib import Path

import hypothesis
import pytest

from domain.evidence.pack import check_pack
from tests.factories.evidence_packs import KEY, OTHER_ORG, Files, files_of, write_pack, zipped
from tests.factories.evidence_tampering import EVERY, TAMPERINGS, Tamper

RECORDS = 35
# The nightly profile makes 10,000 of them.
TIMES = 400 if hypothesis.settings.get_current_profile_name() == "nightly" else 6


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, Files]:
    folder: Path = tmp_path_factory.mktemp("packs")
    write_pack(folder / "one.zip", RECORDS, EVERY)
    write_pack(folder / "other.zip", RECORDS, EVERY, org_id=OTHER_ORG)
    return files_of(folder / "one.zip"), files_of(folder / "other.zip")


def test_an_untouched_pack_is_intact(packs):
    found = check_pack(zipped(packs[0]), [KEY.public])

    assert (found.breaks, found.records, found.packs, found.checkpoints) == ([], RECORDS, 15, RECORDS // EVERY)


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_tampering_is_found_with_its_place_and_kind(packs: tuple[Files, Files], tamper: Tamper):
    for seed in range(TIMES):
        tampered = tamper(random.Random(f"{tamper.__name__} {seed}"), *packs)

        found = check_pack(zipped(tampered.files), [KEY.public], tampered.held)

        assert (tampered.kind, tampered.place) in [(one.kind, one.place) for one in found.breaks], seed
