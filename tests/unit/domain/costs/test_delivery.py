"""What has been delivered of an export, and whether a month of it is whole."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.costs.delivery import DeliveredMonth, NotWhole, StoredObject, files_of, months_of
from domain.costs.delivery_layouts import AWS, AZURE
from domain.errors import Invalid

AT = datetime(2026, 11, 3, tzinfo=UTC)
SEPTEMBER = date(2026, 9, 1)
DATA = "exports/focus/data/BILLING_PERIOD=2026-09"
META = "exports/focus/metadata/BILLING_PERIOD=2026-09"
MANIFEST = f"{META}/focus-Manifest.json"
RANGE = "exports/focus/20260901-20260930/run"


def stored(key: str, *, size: int = 10, etag: str = '"1"', at: datetime = AT) -> StoredObject:
    return StoredObject(key, size, etag, at)


def september(*objects: StoredObject, layout: Any = AWS) -> DeliveredMonth:
    return months_of(layout, objects)[SEPTEMBER]


def test_objects_are_sorted_into_months_and_others_are_left_out() -> None:
    objects = [
        stored(f"{DATA}/focus-00001.csv.gz"),
        stored(MANIFEST),
        stored("exports/focus/data/BILLING_PERIOD=2026-10/focus-00001.csv.gz"),
        stored("exports/focus/readme.txt"),
        stored("exports/focus/data/BILLING_PERIOD=2026-13/focus-00001.csv.gz"),
    ]

    found = months_of(AWS, objects)

    assert sorted(found) == [SEPTEMBER, date(2026, 10, 1)]
    assert found[SEPTEMBER].manifest == objects[1]
    assert list(found[SEPTEMBER].files) == [f"{DATA}/focus-00001.csv.gz"]
    assert found[date(2026, 10, 1)].manifest is None


def test_an_export_at_the_top_of_a_bucket_is_found() -> None:
    found = months_of(AWS, [stored("metadata/BILLING_PERIOD=2026-09/focus-Manifest.json")])

    assert found[SEPTEMBER].manifest is not None


def test_of_several_manifests_the_newest_counts_and_of_one_second_the_one_above_the_runs() -> None:
    older = stored(f"{META}/run-a/focus-Manifest.json", at=AT - timedelta(hours=1))
    newer, above = stored(f"{META}/run-b/focus-Manifest.json"), stored(MANIFEST)

    assert september(older, newer, above).manifest == above
    assert september(above, newer, older).manifest == above


def test_two_exports_are_refused() -> None:
    with pytest.raises(Invalid, match="more than one export") as refused:
        months_of(AWS, [stored(MANIFEST), stored(f"other/{MANIFEST}")])

    assert refused.value.path == ("prefix",)


def test_the_mark_changes_with_any_object_and_not_with_their_order() -> None:
    one, two = stored(f"{DATA}/a.csv"), stored(f"{DATA}/b.csv")

    assert september(one, two).mark == september(two, one).mark
    assert september(one, two).mark != september(one).mark
    assert september(one).mark != september(stored(one.key, etag='"2"')).mark
    assert september(one).mark != september(one, stored(MANIFEST)).mark


@pytest.mark.parametrize(
    "named",
    [
        {"dataFiles": [f"s3://bills/{DATA}/b.csv", f"s3://bills/{DATA}/a.csv"]},
        {"reportKeys": [f"/{DATA}/a.csv", f"{DATA}/b.csv"]},
    ],
)
def test_the_files_are_those_that_the_manifest_names(named: Any) -> None:
    month = september(stored(f"{DATA}/b.csv"), stored(f"{DATA}/a.csv"), stored(f"{DATA}/old.csv"), stored(MANIFEST))

    assert [one.name for one in files_of(AWS, month, named)] == ["a.csv", "b.csv"]


def test_blobs_of_azure_are_named_with_their_sizes() -> None:
    month = september(stored(f"{RANGE}/part_0.csv", size=7), stored(f"{RANGE}/manifest.json"), layout=AZURE)

    def named(size: int) -> dict[str, Any]:
        return {"blobs": [{"blobName": f"{RANGE}/part_0.csv", "byteCount": size}]}

    assert [one.name for one in files_of(AZURE, month, named(7))] == ["part_0.csv"]
    with pytest.raises(NotWhole, match=r"all 8 bytes of part_0\.csv"):
        files_of(AZURE, month, named(8))


@pytest.mark.parametrize(
    "manifest", [None, [], {}, {"dataFiles": []}, {"dataFiles": 7}, {"dataFiles": [str(n) for n in range(10_001)]}]
)
def test_a_manifest_of_another_shape_is_waited_for(manifest: Any) -> None:
    with pytest.raises(NotWhole, match="a manifest that"):
        files_of(AWS, september(stored(MANIFEST)), manifest)


def test_a_missing_file_and_one_newer_than_the_manifest_are_waited_for() -> None:
    manifest = {"dataFiles": [f"{DATA}/a.csv"]}
    newer = stored(f"{DATA}/a.csv", at=AT + timedelta(seconds=1))

    with pytest.raises(NotWhole, match=r"the file a\.csv"):
        files_of(AWS, september(stored(MANIFEST)), manifest)
    with pytest.raises(NotWhole, match="newer than it"):
        files_of(AWS, september(stored(MANIFEST), newer), manifest)
    assert files_of(AWS, september(newer), manifest) == [newer]
