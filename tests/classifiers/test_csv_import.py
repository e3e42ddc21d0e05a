"""Reading code lists from a file, and what is said of a file that can't be taken."""

from importlib.resources import files
from pathlib import Path

import pytest

from muster.classifiers.csv_import import ClassifierFileError, read_classifier_file
from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.snapshot import INSTALLATION_CLASSIFIERS


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "codes.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_the_entries_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "classifier,code,title\nlegalForm,LTD,Limited company\nbusinessUnit,LT,Vilnius\n")
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
def test_harmless_differences_do_not_matter(tmp_path: Path, content: bytes) -> None:
    assert read_classifier_file(written(tmp_path, content)) == [
        ClassifierEntry("legalForm", "AG", "Aktiengesellschaft")
    ]


def test_codes_of_different_classifiers_may_be_the_same(tmp_path: Path) -> None:
    path = written(tmp_path, "classifier,code,title\nlegalForm,OTHER,Another form\nserviceType,OTHER,Another service\n")
    assert len(read_classifier_file(path)) == 2


def test_titles_keep_commas_quotes_and_any_script(tmp_path: Path) -> None:
    path = written(tmp_path, 'classifier,code,title\nlegalForm,X,"Société, ""有限"" 株式会社"\n')
    assert read_classifier_file(path) == [ClassifierEntry("legalForm", "X", 'Société, "有限" 株式会社')]


def test_the_file_that_ships_with_muster_can_be_imported() -> None:
    entries = read_classifier_file(Path(str(files("muster.classifiers").joinpath("installation.csv"))))
    assert ClassifierEntry("businessUnit", "MAIN", "Main business unit") in entries
    assert {entry.classifier for entry in entries} <= set(INSTALLATION_CLASSIFIERS)


HEAD = "classifier,code,title\n"
BAD = {
    "an empty file": ("", None, "the file is empty; begin it with the line `classifier,code,title`"),
    "blank lines only": ("\n\n", None, "the file is empty"),
    "a header only": (HEAD, None, "holds no codes"),
    "no header": ("legalForm,LTD,Limited\n", 1, "the header is missing; begin the file with the line"),
    "semicolons": ("classifier;code;title\nlegalForm;LTD;Limited\n", 1, "with commas"),
    "an unknown classifier": (HEAD + "legalform,LTD,Limited\n", 2, "there is no classifier 'legalform'; the names are"),
    "an ISO classifier": (HEAD + "country,LT,Lithuania\n", 2, "country comes from ISO and can't be imported"),
    "an empty code": (HEAD + "legalForm, ,Limited\n", 2, "the code is empty"),
    "a long code": (HEAD + f"legalForm,{'x' * 65},Limited\n", 2, "the code has 65 characters; at most 64"),
    "NUL in a code": (HEAD + "legalForm,L\0TD,Limited\n", 2, "the code holds a control character"),
    "a line end in a title": (HEAD + 'legalForm,LTD,"Lim\nited"\n', 2, "the title holds a control character"),
    "too few columns": (HEAD + "legalForm,LTD\n", 2, "has 2 columns instead of 3"),
    "too many columns": (HEAD + "legalForm,LTD,Ltd, private\n", 2, "put a title that holds a comma in double quotes"),
    "two titles": (HEAD + "legalForm,LTD,One\n\nlegalForm,LTD,Two\n", 4, "has the code 'LTD' twice"),
    "an open quote": (HEAD + 'legalForm,LTD,"Limited\n', 2, "the line is no CSV"),
    "Latin-1": (HEAD.encode() + b"legalForm,A,a\nlegalForm,SA,Soci\xe9t\xe9\n", 3, "not UTF-8; save the file as UTF-8"),
    "UTF-16": (HEAD.encode("utf-16"), 1, "not UTF-8"),
    "an endless cell": (HEAD + f"legalForm,LTD,{'x' * 200_000}\n", 2, "the line is no CSV"),
}


@pytest.mark.parametrize(("content", "line", "says"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_with_file_line_and_advice(
    tmp_path: Path, content: str | bytes, line: int | None, says: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ClassifierFileError) as refusal:
        read_classifier_file(path)
    message = str(refusal.value)
    assert message.startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert says in message
    assert "\n" not in message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ClassifierFileError, match=r"missing\.csv: the file can't be read \(No such file or directory\)"
    ):
        read_classifier_file(tmp_path / "missing.csv")


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ClassifierFileError, match="the file can't be read"):
        read_classifier_file(tmp_path)
