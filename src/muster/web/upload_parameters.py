"""Query parameters of a request whose body is a file: its name, and what to do with it."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from litestar.params import QueryParameter

from muster.web.load_bodies import FileName, LoadOptionsBody
from muster.web.load_parameters import parse_flag
from muster.web.parameters import bad_parameter
from muster.web.problems import Problem

_NO_NAME: Final = "the query parameter name is missing; start=true needs the name of the file"
_WITH_START: Final = "the query parameters beside start belong to start=true; without it, send a JSON object"
_ONLY: Final = "Only with `start=true`:"
UploadName = Annotated[str | None, QueryParameter(name="name", description=f"{_ONLY} the name of the file. Mandatory.")]
DryRun = Annotated[
    str | None,
    QueryParameter(
        name="dryRun", description=f"{_ONLY} judges the file and saves nothing.", schema_extra={"type": "boolean"}
    ),
]
Upsert = Annotated[
    str | None, QueryParameter(name="upsert", description=f"{_ONLY} as for batches.", schema_extra={"type": "boolean"})
]
Unknown = Annotated[
    str | None,
    QueryParameter(
        name="unknown",
        description=f"{_ONLY} as for batches.",
        schema_extra={"type": "string", "enum": ["ignore", "reject"]},
    ),
]
Accept = Annotated[
    str | None,
    QueryParameter(
        name="accept",
        description=f"{_ONLY} the percentage of the rows that must be accepted for any to be saved, or `all`.",
        schema_extra={"type": "string", "pattern": "^(all|100|[1-9]?[0-9])$"},
    ),
]
ChunkRows = Annotated[
    str | None,
    QueryParameter(
        name="batch",
        description=f"{_ONLY} customers that are saved in one transaction.",
        schema_extra={"type": "integer", "format": "int64", "minimum": 1, "maximum": 10_000},
    ),
]
EncodingName = Annotated[
    str | None, QueryParameter(name="encoding", description=f"{_ONLY} the encoding of a text file, such as `cp1257`.")
]
SheetName = Annotated[
    str | None, QueryParameter(name="sheet", description=f"{_ONLY} the sheet of a workbook that is loaded.")
]


class UploadOptions(msgspec.Struct):
    """The name of a file that is sent whole, and what to do with it."""

    name: FileName
    options: LoadOptionsBody


@dataclass(frozen=True, slots=True)
class UploadQuery:
    """The query of a request beside `start`, as text."""

    name: UploadName = None
    dry_run: DryRun = None
    upsert: Upsert = None
    unknown: Unknown = None
    accept: Accept = None
    batch: ChunkRows = None
    encoding: EncodingName = None
    sheet: SheetName = None

    def parse(self) -> UploadOptions:
        """The options of a file that is the body. Raises `Problem`, a 400."""
        if self.name is None:
            raise Problem(400, _NO_NAME)
        _convert("name", self.name, FileName)
        texts = {"unknown": self.unknown, "encoding": self.encoding, "sheet": self.sheet}
        given: dict[str, Any] = {name: text for name, text in texts.items() if text is not None}
        given |= {"dryRun": parse_flag("dryRun", self.dry_run), "upsert": parse_flag("upsert", self.upsert)}
        for name, number in (("accept", self.accept), ("batch", self.batch)):
            if number is not None:
                given[name] = int(number) if re.fullmatch("[0-9]{1,9}", number, re.ASCII) else number
        for name, value in given.items():
            _convert(name, {name: value}, LoadOptionsBody)
        return UploadOptions(self.name, msgspec.convert(given, LoadOptionsBody))

    def refuse(self) -> None:
        """Raises `Problem`, a 400, for options of a file beside a JSON body, where they would have no effect."""
        if self != UploadQuery():
            raise Problem(400, _WITH_START)


def _convert(parameter: str, value: Any, to: Any) -> None:
    try:
        msgspec.convert(value, to)
    except msgspec.ValidationError:
        raise bad_parameter(parameter) from None
