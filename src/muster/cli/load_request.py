"""What the command line of `muster load` asks for."""

from dataclasses import dataclass
from datetime import timedelta

from muster.cli.joined_tables import make_table_opener
from muster.cli.load_input import InputFile
from muster.cli.load_report import RefusedOutput
from muster.loads.formats import open_rows
from muster.loads.lease import LEASE_DURATION
from muster.loads.load_store import MAX_PART_BYTES, LoadOptions
from muster.loads.mapping import make_mapper
from muster.loads.records import RecordMapper
from muster.loads.rows import Layout, RowSource


@dataclass(frozen=True, slots=True)
class LoadBounds:
    """Bounds that no option sets: the lease of a load in a database, and the parts of an upload to a service."""

    lease: timedelta = LEASE_DURATION
    part_bytes: int = MAX_PART_BYTES


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """`user` is a user of the service, None for the operator; it is for a database alone."""

    path: str
    options: LoadOptions
    user: str | None
    refused: RefusedOutput | None
    again: bool
    bounds: LoadBounds

    def make_mapper(self, layout: Layout, *, job: str) -> RecordMapper:
        """The mapper of the file, and of those that stand beside it and that the mapping joins.

        Raises `InvalidMappingError` and `InvalidFileError`.
        """
        open_table = make_table_opener(self.path, encoding=self.options.encoding, sheet=self.options.sheet)
        return make_mapper(layout, self.options.mapping, job=job, open_table=open_table)

    def open_rows(self, input_file: InputFile) -> RowSource:
        """Opens the file once more, from its start. Raises `InvalidFileError`, and `UsageError` for --format."""
        file = input_file.open()
        try:
            source = open_rows(
                file,
                name=input_file.name,
                size=input_file.size,
                encoding=self.options.encoding,
                sheet=self.options.sheet,
            )
            if self.refused is not None:
                self.refused.check_format(source.layout)
        except BaseException:
            file.close()
            raise
        return source
