"""Charts: positions of bars and lines."""

from datetime import date, timedelta

import pytest

from muster.web.console.charts import HEIGHT, BarChart, build_day_chart

DAY = date(2026, 5, 1)


def chart(*numbers: int) -> BarChart:
    return build_day_chart([(DAY + timedelta(days=n), number, f"/{n}") for n, number in enumerate(numbers)])


def test_bars_share_the_width_and_stand_on_the_lowest_line() -> None:
    bars = chart(0, 50, 100, 25).bars
    assert [bar.height for bar in bars] == [0, HEIGHT / 2, HEIGHT, round(HEIGHT / 4, 1)]
    assert {bar.y + bar.height for bar in bars} == {HEIGHT}
    assert [bar.middle for bar in bars] == [12.5, 37.5, 62.5, 87.5]
    assert [bar.link for bar in bars] == ["/0", "/1", "/2", "/3"]


@pytest.mark.parametrize(
    ("most", "lines"),
    [
        (0, [2, 1, 0]),
        (1, [2, 1, 0]),
        (3, [4, 2, 0]),
        (11, [20, 10, 0]),
        (100, [100, 50, 0]),
        (2_001, [4_000, 2_000, 0]),
    ],
)
def test_lines_have_round_numbers_and_the_first_is_not_below_a_bar(most: int, lines: list[int]) -> None:
    found = chart(most).lines
    assert [value for _, value in found] == lines[::-1]
    assert [y for y, _ in found] == [HEIGHT, HEIGHT / 2, 0]


def test_a_day_with_one_customer_stays_visible_beside_a_million() -> None:
    assert chart(1, 1_000_000).bars[0].height >= 2


def test_each_seventh_day_has_a_label_and_the_last_one() -> None:
    labelled = [bar.short_label for bar in chart(*range(30)).bars if bar.has_label]
    assert labelled == ["02 May", "09 May", "16 May", "23 May", "30 May"]
