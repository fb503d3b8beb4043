"""The measurement of forecasts goes the whole way, from costs to rows."""

from bench.forecast_speed import speed


def test_a_few_series_are_forecast_and_summed():
    cells = [cell.strip() for cell in speed(4).strip("|").split("|")]

    # Each series, and the sums over them.
    assert cells[0] == "4"
    assert int(cells[1]) > 4
