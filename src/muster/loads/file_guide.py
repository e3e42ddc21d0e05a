"""What files are read, and the keys of mappings, in words. `docs/loading.md` and `docs/mapping.md` tell more."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class FormatGuide(NamedTuple):
    """A format, what is read of a file in it, and the format in which its refused rows come back."""

    name: str
    content: str
    refused_rows: str


FILE_FORMATS: Final = (
    FormatGuide(
        "CSV, TSV",
        "separator `,` `;` tab or `|`, found by content; quotes, quoted line breaks, `sep=`, byte order mark",
        "CSV, with separator, encoding and quotes of the file",
    ),
    FormatGuide("NDJSON", "a customer a line, in the form of the API", "NDJSON"),
    FormatGuide("JSON", '`{"customers": […]}`, or an array, of any size', "NDJSON"),
    FormatGuide(
        "XLSX, ODS", "the sheet that is named, or the only one that has rows; its first row is the header", "XLSX"
    ),
    FormatGuide("Parquet", "with the extra `parquet`; nested columns are lists and objects", "CSV"),
)

# A mapping of three fields.
MAPPING_EXAMPLE: Final = """\
date_format = "DD.MM.YYYY"

[fields]
customerExtId = "CUST_NO"
applicationDate = "OPENED"
requester = { constant = "core-banking" }
"""

# Where the value of a field comes from, and how it is read.
FIELD_KEYS: Final[Mapping[str, str]] = {
    "column": "the column that has the value; instead of a table with this key alone, its name suffices",
    "columns": "several columns, whose cells are joined",
    "joined_by": "what stands between the cells of `columns`; a blank by default",
    "constant": "the same value for all rows",
    "template": "a text with columns in braces, and `{job}` and `{row}`, the load and the number of the row",
    "split": "the text at which a cell is split",
    "part": "which part of a split cell, counted from 1; without it, each part is an element of a list `[]`",
    "values": "what texts of the column stand for",
    "if_other": "the value for other texts than those of `values`",
    "refuse_other": "`true`: a text that `values` does not have refuses its row",
    "if_empty": "the value of an empty cell",
    "date_format": "the form of dates, such as `DD.MM.YYYY`",
    "decimal_comma": "`true`: numbers are written like `1.234,50`",
    "null_words": "texts that stand for an empty cell",
}
# Of a file. Forms of values hold for all its fields.
TABLE_KEYS: Final[Mapping[str, str]] = {
    "fields": "the fields, each with its column, or with a table of the keys of a field",
    "ignore": "columns that are left out",
    "ignore_other_columns": "`true`: all columns are left out that are no fields and are not named",
    "date_format": FIELD_KEYS["date_format"],
    "decimal_comma": FIELD_KEYS["decimal_comma"],
    "null_words": FIELD_KEYS["null_words"],
    "group_by": "the columns that tell customers apart, whose rows follow each other",
    "join": "other files or sheets, whose rows add elements to lists",
}
# Of a `join`, beside those of a file.
JOIN_KEYS: Final[Mapping[str, str]] = {
    "file": "the other file, which stands beside the first one",
    "sheet": "the other sheet of a workbook",
    "key": "its column with the `customerExtId`",
    "ignore_unmatched": "`true`: rows of customers are left out that the first file does not have",
}
