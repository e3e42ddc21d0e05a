"""Which format codes show dates, times and percentages."""

import pytest

from muster.loads.sheets.number_formats import FormatKind, classify_built_in, classify_format, count_forced_digits


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", FormatKind.NUMBER),
        ("0.00", FormatKind.NUMBER),
        ("@", FormatKind.NUMBER),
        ("0.00E+00", FormatKind.NUMBER),
        ("##0.0E-0", FormatKind.NUMBER),
        ('#,##0 "days"', FormatKind.NUMBER),
        ("0 \\d\\a\\y\\s", FormatKind.NUMBER),
        ("[Red]0.00;[Blue]-0.00", FormatKind.NUMBER),
        ("[$USD] #,##0.00", FormatKind.NUMBER),
        ('_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-', FormatKind.NUMBER),
        ("# ?/?", FormatKind.NUMBER),
        ("[>=100]0;General", FormatKind.NUMBER),
        ("0%", FormatKind.PERCENT),
        ("0.00%;[Red]-0.00%", FormatKind.PERCENT),
        ('0"%"', FormatKind.NUMBER),
        ("yyyy-mm-dd", FormatKind.DATE),
        ("DD.MM.YYYY", FormatKind.DATE),
        ("[$-F800]dddd, mmmm dd, yyyy", FormatKind.DATE),
        ("mmm-yy", FormatKind.DATE),
        ("m", FormatKind.DATE),
        ('yyyy"年"m"月"d"日"', FormatKind.DATE),
        ("[$-411]ggge", FormatKind.DATE),
        ("[Red]dd/mm/yyyy", FormatKind.DATE),
        ("dd.mm.yyyy;@", FormatKind.DATE),
        ("dd.mm.yyyy hh:mm", FormatKind.DATE_TIME),
        ("m/d/yy h:mm AM/PM", FormatKind.DATE_TIME),
        ("h:mm dd/mm", FormatKind.DATE_TIME),
        ("hh:mm:ss", FormatKind.TIME),
        ("mm:ss.0", FormatKind.TIME),
        ("h:mm AM/PM", FormatKind.TIME),
        ("h:mm a/p", FormatKind.TIME),
        ("[h]:mm:ss", FormatKind.DURATION),
        ("[mm]:ss", FormatKind.DURATION),
        ("", FormatKind.NUMBER),
        ('"', FormatKind.NUMBER),
        ("[", FormatKind.NUMBER),
    ],
)
def test_a_format_code_shows_its_kind(code: str, kind: FormatKind) -> None:
    assert classify_format(code) is kind


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (0, FormatKind.NUMBER),
        (9, FormatKind.PERCENT),
        (14, FormatKind.DATE),
        (21, FormatKind.TIME),
        (22, FormatKind.DATE_TIME),
        (37, FormatKind.NUMBER),
        (46, FormatKind.DURATION),
        (49, FormatKind.NUMBER),
        (57, FormatKind.DATE),
        (999, FormatKind.NUMBER),
    ],
)
def test_a_built_in_format_shows_its_kind(number: int, kind: FormatKind) -> None:
    assert classify_built_in(number) is kind


def test_only_formats_of_zeros_alone_force_digits() -> None:
    assert [count_forced_digits(code) for code in ("00000", "0", "000-000", "0.00", "", "00000;-00000")] == [
        5,
        1,
        0,
        0,
        0,
        5,
    ]
