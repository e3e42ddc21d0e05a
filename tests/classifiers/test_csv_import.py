"""Reading classifiers from a CSV file, and the errors of invalid files."""

from importlib.resources import files
from pathlib import Path

import pytest

from muster.classifiers.csv_import import ClassifierFileError, read_classifier_file
from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.snapshot import INSTALLATION_CLASSIFIERS


def write_file(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "codes.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_entries_keep_the_order_of_the_file(tmp_path: Path) -> None:
    path = write_file(tmp_path, "classifier,code,title\nlegalForm,LTD,Limited company\nbusinessUnit,LT,Vilnius\n")
    assert read_classifier_file(path) == [
        ClassifierEntry("legalForm", "LTD", "Limited company"),
        ClassifierEntry("businessUnit", "LT", "Vilnius"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfclassifier,code,title\r\nlegalForm,AG,Aktiengesellschaft\r\n",
        b"classifier,code,title\nlegalForm,AG,Aktiengesellschaft",
        b"\n\nclassifier, code, title\n\n  legalForm ,\tAG , Aktiengesellschaft \n,,\n",
        b'"classifier","code","title"\n"legalForm","AG","Aktiengesellschaft"\n',
        b"Classifier,Code,Title\nlegalForm,AG,Aktiengesellschaft\nlegalForm,AG,Aktiengesellschaft\n",
    ],
    ids=["from Excel", "without the last line end", "blanks", "quotes", "the same twice"],
)
def test_equivalent_files_give_the_same_entries(tmp_path: Path, content: bytes) -> None:
    assert read_classifier_file(write_file(tmp_path, content)) == [
        ClassifierEntry("legalForm", "AG", "Aktiengesellschaft")
    ]


def test_classifiers_may_share_a_code(tmp_path: Path) -> None:
    path = write_file(
        tmp_path, "classifier,code,title\nlegalForm,OTHER,Another form\nserviceType,OTHER,Another service\n"
    )
    assert len(read_classifier_file(path)) == 2


def test_codes_are_added_to_those_of_iso(tmp_path: Path) -> None:
    path = write_file(tmp_path, "classifier,code,title\ncountry,XK,Kosovo\ncurrency,HRK,Kuna\n")
    assert [entry.code for entry in read_classifier_file(path)] == ["XK", "HRK"]


def test_title_keeps_commas_quotes_and_any_script(tmp_path: Path) -> None:
    path = write_file(tmp_path, 'classifier,code,title\nlegalForm,X,"Société, ""有限"" 株式会社"\n')
    assert read_classifier_file(path) == [ClassifierEntry("legalForm", "X", 'Société, "有限" 株式会社')]


def test_packaged_file_can_be_imported() -> None:
    entries = read_classifier_file(Path(str(files("muster.classifiers").joinpath("installation.csv"))))
    assert ClassifierEntry("businessUnit", "MAIN", "Main business unit") in entries
    assert {entry.classifier for entry in entries} <= set(INSTALLATION_CLASSIFIERS)


HEADER = "classifier,code,title\n"
INVALID_FILES = {
    "an empty file": ("", None, "the file is empty; begin it with the line `classifier,code,title`"),
    "blank lines only": ("\n\n", None, "the file is empty"),
    "a header only": (HEADER, None, "has no codes"),
    "no header": ("legalForm,LTD,Limited\n", 1, "the header is missing; begin the file with the line"),
    "semicolons": ("classifier;code;title\nlegalForm;LTD;Limited\n", 1, "with commas"),
    "an unknown classifier": (
        HEADER + "legalform,LTD,Limited\n",
        2,
        "there is no classifier 'legalform'; the names are",
    ),
    "a code of ISO": (
        HEADER + "country,XK,Kosovo\ncountry,LT,Lithuania\n",
        3,
        "'LT' from ISO, and codes of ISO cannot",
    ),
    "a currency of ISO": (HEADER + "currency,EUR,Euro\n", 2, "codes of ISO cannot be changed; leave it out"),
    "a country in lower case": (HEADER + "country,xk,Kosovo\n", 2, "a code of country is 2 capital letters"),
    "a country as a currency": (HEADER + "currency,XK,Kosovo\n", 2, "a code of currency is 3 capital letters"),
    "an empty code": (HEADER + "legalForm, ,Limited\n", 2, "the code is empty"),
    "a long code": (HEADER + f"legalForm,{'x' * 65},Limited\n", 2, "the code has 65 characters; the maximum is 64"),
    "NUL in a code": (HEADER + "legalForm,L\0TD,Limited\n", 2, "the code has a control character"),
    "a line end in a title": (HEADER + 'legalForm,LTD,"Lim\nited"\n', 2, "the title has a control character"),
    "too few columns": (HEADER + "legalForm,LTD\n", 2, "has 2 columns instead of 3"),
    "too many columns": (HEADER + "legalForm,LTD,Ltd, private\n", 2, "put a title with a comma in double quotes"),
    "two titles": (HEADER + "legalForm,LTD,One\n\nlegalForm,LTD,Two\n", 4, "has the code 'LTD' twice"),
    "an open quote": (HEADER + 'legalForm,LTD,"Limited\n', 2, "the line is not valid CSV"),
    "Latin-1": (
        HEADER.encode() + b"legalForm,A,a\nlegalForm,SA,Soci\xe9t\xe9\n",
        3,
        "not UTF-8; save the file as UTF-8",
    ),
    "UTF-16": (HEADER.encode("utf-16"), 1, "not UTF-8"),
    # Beyond its own bound of a cell, which other packages raise, the csv module says that the line is not valid.
    "an endless title": (HEADER + f"legalForm,LTD,{'x' * 100_000}\n", 2, "100000 characters; the maximum is 10000"),
}


@pytest.mark.parametrize(("content", "line", "message"), INVALID_FILES.values(), ids=INVALID_FILES)
def test_error_names_the_file_the_line_and_what_to_do(
    tmp_path: Path, content: str | bytes, line: int | None, message: str
) -> None:
    path = write_file(tmp_path, content)
    with pytest.raises(ClassifierFileError) as raised:
        read_classifier_file(path)
    text = str(raised.value)
    assert text.startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert message in text
    assert "\n" not in text


def test_error_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(
        ClassifierFileError, match=r"missing\.csv: the file cannot be read \(No such file or directory\)"
    ):
        read_classifier_file(tmp_path / "missing.csv")


def test_directory_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ClassifierFileError, match="the file cannot be read"):
        read_classifier_file(tmp_path)
