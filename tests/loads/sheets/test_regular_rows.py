"""Rows read by the regular expression are those that expat reads."""

from hypothesis import given, settings
from hypothesis import strategies as st

from muster.loads.rows import InvalidFileError, Row
from tests.loads.sheets.workbooks import make_xlsx, read_rows, worksheet

STRINGS = "<si><t>zero</t></si><si><t xml:space='preserve'> one </t></si><si><t/></si>"
STYLES = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="9"/></cellXfs>'
HEADER = '<row r="1">' + "".join(f'<c r="{letter}1"><v>1</v></c>' for letter in "ABCDE") + "</row>"
# A comment is no regular row, so all of the sheet goes to expat.
TO_EXPAT = "<!-- x -->"

texts = st.one_of(
    st.sampled_from(
        ["", "0", "1", "2", "3", "-1", "45306", "0.5", "1E+16", "x", "#N/A", " a ", "_x0041_", "a\nb", "ž", "😀"]
    ),
    st.sampled_from(
        ["&amp;", "a&lt;b", "&#65;", "&nbsp;", "&", "a\rb", "<b/>", "]]>", "<![CDATA[a]]>", "<!-- -->", "\x0b"]
    ),
    st.text("ab&;<>\"'\r\n\t ž", max_size=5),
)
attributes = st.sampled_from(
    [
        "",
        ' s="1"',
        ' s="2"',
        ' t="s"',
        ' t="n"',
        ' t="b"',
        ' t="e"',
        ' t="str"',
        ' s="1" t="s"',
        ' t="s" s="1"',
        ' s="9"',
        ' cm="1"',
    ]
)
contents = st.one_of(
    texts.map("<v>{}</v>".format),
    texts.map("<is><t>{}</t></is>".format),
    texts.map('<is><t xml:space="preserve">{}</t></is>'.format),
    texts.map("<f>1+1</f><v>{}</v>".format),
    texts.map('<f t="shared" si="0"/><v>{}</v>'.format),
    texts.map("<is><r><t>a</t></r><r><t>{}</t></r></is>".format),
    st.sampled_from(["", "<v/>", "<v>1</t></is>", "<is><t>1</v>", "<is/>", "<extLst/>"]),
)
columns = st.sampled_from(["A", "B", "C", "D", "E", "F", "AA", "a", "XFD", "XFE", ""])


# Most of what is drawn is in order; or all of it would be refused.
often = st.integers(0, 9).map(bool)


@st.composite
def cells(draw: st.DrawFn, column: str) -> str:
    reference = column if draw(often) else draw(columns)
    start = f'<c r="{reference}2"' if reference else "<c"
    content = draw(contents)
    type_ = draw(attributes)
    if content.startswith("<is>") and draw(often):
        type_ = ' t="inlineStr"'
    return f"{start}{type_}>{content}</c>" if content or draw(st.booleans()) else f"{start}{type_}/>"


@st.composite
def rows(draw: st.DrawFn, number: int) -> str:
    shown = str(number) if draw(often) else draw(st.sampled_from(["2", "3", "1048576", "1048577", "0", ""]))
    start = f'<row r="{shown}"' if shown else "<row"
    if not draw(often):
        start += draw(st.sampled_from([' spans="1:3"', ' x="a>b"', ' xmlns="urn:other"', ' hidden="&lt;"']))
    content = "".join(draw(cells(letter)) for letter in "ABDE" if draw(st.booleans()))
    space = "" if draw(often) else draw(st.sampled_from(["\n", " ", "x"]))
    return f"{start}/>{space}" if not content and draw(st.booleans()) else f"{start}>{content}</row>{space}"


@st.composite
def sheets(draw: st.DrawFn) -> str:
    return "".join(draw(rows(number)) for number in range(2, draw(st.integers(2, 6))))


def read(sheet: str) -> list[Row] | None:
    """The rows; None for a refused file, which may have several faults."""
    try:
        return read_rows(make_xlsx(sheet.encode("utf-8", "surrogatepass"), strings=STRINGS, styles=STYLES))
    except InvalidFileError:
        return None


@settings(max_examples=200, deadline=None)
@given(sheets())
def test_both_ways_read_the_same(content: str) -> None:
    assert read(worksheet(HEADER + content)) == read(worksheet(TO_EXPAT + HEADER + content))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r<&\ufffe\uffff", exclude_categories=["Cc", "Cs"]))
    )
)
def test_both_ways_read_the_same_texts(values: list[str]) -> None:
    content = "".join(
        f'<row r="{number}"><c r="A{number}" t="inlineStr"><is><t>{text}</t></is></c></row>'
        for number, text in enumerate(values, start=2)
    ).replace("]]>", "]]")

    assert read(worksheet(HEADER + content)) == read(worksheet(TO_EXPAT + HEADER + content))


def test_rows_go_over_the_borders_of_chunks() -> None:
    content = "".join(
        f'<row r="{number}"><c r="A{number}" t="inlineStr"><is><t>žž{number}</t></is></c></row>'
        for number in range(2, 5000)
    )

    result = read(worksheet(HEADER + content))

    assert result is not None
    assert [row.value[0] for row in result] == [f"žž{number}" for number in range(2, 5000)]
    assert result == read(worksheet(TO_EXPAT + HEADER + content))


def test_a_sheet_in_a_comment_is_no_sheet() -> None:
    hidden = '<row r="2"><c r="A2"><v>2</v></c></row>'
    sheet = worksheet(HEADER).replace("<sheetData>", f"<!-- <sheetData>{hidden}</sheetData> --><sheetData>")

    assert read(sheet) == []
