"""Opens the files and sheets that a mapping joins to the file of a command."""

from pathlib import Path

from muster.loads.mapping import OpenTable
from muster.loads.rows import InvalidFileError, RowSource


def make_table_opener(main_file: str, *, encoding: str | None, sheet: str | None) -> OpenTable:
    """Opens the files that stand beside the main file, and the sheets of it, in the encoding of the main file."""

    def open_table(file: str | None, sheet_name: str | None) -> RowSource:
        from muster.loads.formats import open_rows

        if file is None and main_file == "-":
            raise InvalidFileError("standard input is read once, and a mapping with [[join]] needs it twice: save it")
        path = Path(main_file) if file is None else Path(main_file).parent / file
        chosen = sheet if file is None and sheet_name is None else sheet_name
        try:
            opened = path.open("rb")
            return open_rows(opened, name=path.name, size=path.stat().st_size, encoding=encoding, sheet=chosen)
        except OSError as error:
            raise InvalidFileError(f"the joined file {path} can't be read ({error.strerror})") from None

    return open_table
