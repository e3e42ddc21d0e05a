"""What the page of an uploaded file shows: its columns with what they become, and its first customers."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from muster.auth.users import User
from muster.customer.value_types import ClassifierCode, Enum
from muster.loads.column_letters import to_column_letters
from muster.loads.file_preview import FileSample
from muster.loads.load_store import Load
from muster.loads.mapping import InvalidMappingError, parse_mapping
from muster.loads.mapping.specification import FileMapping, read_specification
from muster.loads.mapping.suggested_columns import SuggestedColumn, suggest_columns
from muster.loads.mapping.suggestion import format_suggestion
from muster.loads.mapping.value_guesses import guess_null_words
from muster.loads.records import Record
from muster.loads.rows import RowProblem
from muster.loads.saved_mappings import SavedMapping
from muster.web.console.files.mapping_form import MAX_FORM_COLUMNS, MappingForm, fill_form, find_type, list_columns
from muster.web.services import Services

# With so many rows, a page of 60 columns takes 25 ms of computing, and one of 400 columns 200 ms.
_SAMPLE_ROWS: Final = 300
_CUSTOMERS: Final = 3
_CUSTOMER_ROWS: Final = 60  # that the first customers are made of
_MAX_VALUES: Final = 40
_MAX_VALUE_LENGTH: Final = 200
_MAX_PROBLEMS: Final = 20
_MAX_CODES: Final = 60  # that a page lists for one field


@dataclass(slots=True)
class ShownCustomers:
    """The first customers of a file as they will be checked, side by side.

    `rows` has the number of the first row of each. `values` has a value of each for every path, such as
    `listAddress[0].country`, and `problems` say why rows can't be read.
    """

    rows: list[int] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    problems: list[Sequence[str]] = field(default_factory=list)
    is_cut: bool = False

    @property
    def has_problems(self) -> bool:
        return any(self.problems)

    def add(self, record: Record) -> None:
        for path, value in _flatten(record.document, ""):
            if path not in self.values and len(self.values) == _MAX_VALUES:
                self.is_cut = True
                break
            self.values.setdefault(path, [""] * len(self.rows)).append(value)
        self.rows.append(record.rows[0].number)
        for values in self.values.values():
            values += [""] * (len(self.rows) - len(values))
        self.problems.append([_describe_problem(record, problem) for problem in record.problems[:_MAX_PROBLEMS]])


@dataclass(frozen=True, slots=True)
class FileView:
    """An upload that waits for its options.

    `form` is None for files without columns, and for mappings that a form can't show. `used` is the saved mapping that
    is shown, and `is_guessed` says that the mapping is a suggestion.
    """

    load: Load
    sample: FileSample
    mapping: Mapping[str, Any]
    form: MappingForm | None = None
    saved: Sequence[SavedMapping] = ()
    used: SavedMapping | None = None
    is_guessed: bool = False

    @property
    def has_columns(self) -> bool:
        return self.sample.layout.header is not None

    @property
    def is_too_wide(self) -> bool:
        return len(self.sample.layout.header or ()) > MAX_FORM_COLUMNS


def read_view(services: Services, load: Load, *, use: str | None = None) -> FileView:
    """The view with the mapping that was chosen, or else one that was saved for this header, or else a suggestion.

    `use` names a saved mapping; an empty one asks for the suggestion. Raises `InvalidFileError`.
    """
    sample = services.loads.preview.read_sample(load, max_rows=_SAMPLE_ROWS)
    header = sample.layout.header
    if header is None:
        return FileView(load, sample, {})
    saved = services.loads.mappings.find(header)
    used = next((each for each in saved if use in (None, each.name)), None)
    if use is None and load.options.mapping is not None:
        return _make_view(load, sample, load.options.mapping, saved)
    if used is not None:
        return _make_view(load, sample, used.mapping, saved, used=used)
    if len(header) > MAX_FORM_COLUMNS:
        return FileView(load, sample, {}, saved=saved)
    cells, titles = sample.list_cells(), services.classifiers.current().titles
    null_words = guess_null_words(cell for row in cells for cell in row)
    columns = suggest_columns(header, cells, frozenset(null_words), titles)
    mapping = parse_mapping(format_suggestion(columns, null_words))
    return _make_view(load, sample, mapping, saved, suggestions=columns)


def list_columns_of(view: FileView) -> MappingForm:
    """The columns of the file, with nothing chosen."""
    return list_columns(view.sample.layout.header or (), view.sample.list_cells())


def show_customers(
    services: Services, view: FileView, mapping: Mapping[str, Any]
) -> tuple[ShownCustomers, Sequence[str]]:
    """The first customers, or why no customers can be made by the mapping."""
    shown = ShownCustomers()
    sample = FileSample(view.sample.layout, view.sample.rows[:_CUSTOMER_ROWS])
    try:
        for record in islice(services.loads.preview.map_sample(view.load, sample, mapping or None), _CUSTOMERS):
            shown.add(record)
    except InvalidMappingError as error:
        return shown, error.problems[:_MAX_PROBLEMS]
    return shown, ()


def list_codes(services: Services, form: MappingForm | None) -> Mapping[str, Mapping[str, str]]:
    """The codes, with their titles, that fields without a column take, of short lists."""
    titles = services.classifiers.current().titles
    codes: dict[str, Mapping[str, str]] = {}
    for constant in form.constants if form is not None else ():
        value_type = find_type(constant.field)
        if isinstance(value_type, Enum):
            codes[constant.field] = dict.fromkeys(value_type.values, "")
        elif isinstance(value_type, ClassifierCode) and len(titles[value_type.classifier]) <= _MAX_CODES:
            codes[constant.field] = titles[value_type.classifier]
    return codes


def get_own_upload(services: Services, user: User, load_id: Any) -> Load | None:
    """Raises `NotSenderError`: what an upload holds is for its sender."""
    return services.loads.uploads.get_own(load_id, user)


def _make_view(
    load: Load,
    sample: FileSample,
    mapping: Mapping[str, Any],
    saved: Sequence[SavedMapping],
    *,
    used: SavedMapping | None = None,
    suggestions: Sequence[SuggestedColumn] | None = None,
) -> FileView:
    header = sample.layout.header or ()
    form = None
    if len(header) <= MAX_FORM_COLUMNS:
        with suppress(InvalidMappingError):  # of an upload by API, which nobody has checked; `show_customers` tells
            specification = read_specification(mapping) if mapping else FileMapping()
            form = fill_form(list_columns(header, sample.list_cells()), specification, suggestions or ())
    return FileView(load, sample, mapping, form, saved, used, suggestions is not None)


def _describe_problem(record: Record, problem: RowProblem) -> str:
    place = "" if problem.column is None else f"{to_column_letters(problem.column)}{record.rows[0].number}: "
    return f"{place}{problem.error.text}"


def _flatten(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """The plain values of a document. Mapped documents nest by six levels; others are cut at ten."""
    if isinstance(value, dict) and path.count(".") < 10:
        for name, each in value.items():
            yield from _flatten(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and path.count("[") < 10:
        for index, each in enumerate(value):
            yield from _flatten(each, f"{path}[{index}]")
    else:
        shown = str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
        yield path[:_MAX_VALUE_LENGTH], shown[:_MAX_VALUE_LENGTH]
