"""The measurement of the anomaly detector: its score is the published one, and the detector holds its figures."""

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pytest

from bench import anomaly_beside, anomaly_daily, anomaly_season
from bench.anomaly import detect
from bench.anomaly_data import read, table_of, write
from bench.anomaly_make import make
from bench.anomaly_score import labels_of, score

DATA = Path(__file__).parents[4] / "shared" / "data"
BENCH, DAILY = DATA / "cost_anomaly_bench", DATA / "cost-anomaly"
needs_bench = pytest.mark.skipif(not BENCH.exists(), reason=f"{BENCH} is not there")
needs_daily = pytest.mark.skipif(not DAILY.exists(), reason=f"{DAILY} is not there")


def unpacked(name):
    return json.loads(gzip.decompress((BENCH / name).read_bytes()))


@needs_bench
def test_the_score_is_the_published_one():
    wanted = json.loads((BENCH / "example_score_naive3x.json").read_text())

    got = score(labels_of(unpacked("labels.json.gz")), unpacked("example_flags_naive3x.json.gz"))

    for name, value in wanted.items():
        assert_same(got[name], value)


def assert_same(got, wanted):
    if isinstance(wanted, dict):
        assert got.keys() >= wanted.keys()
        for name, value in wanted.items():
            assert_same(got[name], value)
    else:
        assert got == pytest.approx(wanted, rel=1e-12, nan_ok=True)


@needs_bench
def test_the_detector_holds_its_figures_on_labelled_series():
    result = score(labels_of(unpacked("labels.json.gz")), detect(read(BENCH)))

    assert result["f1"] >= 0.93
    assert result["fp_share"] <= 0.04
    assert result["by_stratum"]["S"]["fp_share"] <= 0.03
    assert result["recall"] >= 0.90
    assert result["recall_3x"] >= 0.98
    assert result["delay_median"] == 0
    assert result["calibration"]["error"] <= 0.03


@needs_daily
def test_the_detector_holds_its_figures_on_daily_costs():
    result = anomaly_daily.measure(*anomaly_daily.read(DAILY))

    assert result["false_share"] <= 0.05
    assert result["recall"] >= 0.92
    assert result["by_kind"]["spike 3x"] == (27, 27)


def test_the_detector_is_better_than_both_plain_ones_on_series_of_our_own():
    series, labels = make(40, seed=20)

    ours = score(labels, detect(series))

    for plain in (anomaly_beside.naive, anomaly_beside.weekday_median):
        assert ours["f1"] > score(labels, plain(series))["f1"]
    assert ours["recall_3x"] == 1


def test_knowing_last_year_makes_seasons_quiet_and_spikes_within_them_no_less_told():
    random = np.random.default_rng(30)
    series = [one for one in (anomaly_season.made(random) for _ in range(60)) if one.season]

    without, known = (anomaly_season.told(series, due) for due in (None, anomaly_season.due_of(series)))

    quiet = [len((one.season - one.within) & days) for one, days in zip(series, known, strict=True)]
    loud = [len((one.season - one.within) & days) for one, days in zip(series, without, strict=True)]
    assert sum(quiet) <= 0.2 * sum(loud)
    hits = [sum(bool(one.within & days) for one, days in zip(series, found, strict=True)) for found in (without, known)]
    assert hits[0] <= hits[1]


def test_shorter_series_begin_later_in_one_table(tmp_path):
    meta = [
        {
            "series_id": "b",
            "last_day_complete": False,
            "known_events": [{"date": "2026-01-02", "kind": "planned_change"}],
        }
    ]
    write(tmp_path / "meta.json.gz", meta)
    rows = ["series_id,date,cost", "a,2026-01-01,1", "a,2026-01-02,", "b,2026-01-02,3"]
    (tmp_path / "series.csv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))

    series = read(tmp_path)
    table = table_of(series)

    np.testing.assert_array_equal(table.costs, [[1, math.nan], [math.nan, 3]])
    assert (table.day(0, 0), table.day(1, 1)) == ("2026-01-01", "2026-01-02")
    assert [(one.series, str(one.on)) for one in table.known] == [(1, "2026-01-02")]
    assert [one.is_whole for one in series] == [True, False]
