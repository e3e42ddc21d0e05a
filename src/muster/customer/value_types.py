"""Value types: what a field takes.

A value type gives a reader for single values (`value_readers.py`) and a column test, which says for a whole column of
values whether the reader would change any of them (`column_tests.py`). It also says in words what it takes: `expected`
is the only statement of that for responses, the OpenAPI document and the reference pages.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from muster.customer.column_tests import ColumnTest, are_dates, are_members, make_reader_test, make_text_test
from muster.customer.dates import DATE_FORMS
from muster.customer.numbers import MAX_DIGITS, MAX_EXPONENT
from muster.customer.value_checks import ValueCheck
from muster.customer.value_readers import (
    Reader,
    RetiredCode,
    make_code_reader,
    make_identifier_reader,
    make_member_reader,
    read_boolean,
    read_date,
    read_integer,
    read_number,
    read_text,
)
from muster.customer.warnings import RETIRED_CODE

Codes = Mapping[str, frozenset[str]]  # classifier -> its codes; retired ones are of the type `RetiredCode`


@dataclass(frozen=True, slots=True)
class ValueType:
    """What a field takes. `label` is the type's name in the text of `C018`."""

    @property
    def label(self) -> str:
        raise NotImplementedError

    @property
    def expected(self) -> str:
        """The values that the type takes, in words: `one of IN, OUT`."""
        raise NotImplementedError

    def make_reader(self, codes: Codes) -> Reader:
        """The reader of this type for the current codes of the classifiers."""
        raise NotImplementedError

    def make_column_test(self, codes: Codes) -> ColumnTest:
        """A test whether the reader would return all values of a column unchanged."""
        return make_reader_test(self.make_reader(codes))

    def make_checks(self, codes: Codes) -> Sequence[ValueCheck]:
        """Doubts about values that this type accepts, for the current codes of the classifiers."""
        return ()

    @property
    def expects_text(self) -> bool:
        """Whether a JSON number or boolean is doubtful although the type takes it (W007)."""
        return False


@dataclass(frozen=True, slots=True)
class Text(ValueType):
    """Any Unicode text without NUL; with `max_length`, an identifier of at most that many characters.

    With `takes_any_scalar`, the contract names JSON numbers or booleans as values that senders send, too.
    """

    max_length: int | None = None
    takes_any_scalar: bool = False

    @property
    def label(self) -> str:
        return "STRING"

    @property
    def expected(self) -> str:
        length = "" if self.max_length is None else f" of at most {self.max_length} characters"
        return f"text{length} without the character NUL"

    @property
    def expects_text(self) -> bool:
        return not self.takes_any_scalar

    def make_reader(self, codes: Codes) -> Reader:
        return read_text if self.max_length is None else make_identifier_reader(self.max_length)

    def make_column_test(self, codes: Codes) -> ColumnTest:
        return make_text_test(self.max_length)


@dataclass(frozen=True, slots=True)
class Date(ValueType):
    """A date or a timestamp (`dates.py`)."""

    @property
    def label(self) -> str:
        return "DATE"

    @property
    def expected(self) -> str:
        return DATE_FORMS

    def make_reader(self, codes: Codes) -> Reader:
        return read_date

    def make_column_test(self, codes: Codes) -> ColumnTest:
        return are_dates


@dataclass(frozen=True, slots=True)
class Decimal(ValueType):
    """A number that keeps every digit."""

    @property
    def label(self) -> str:
        return "DECIMAL"

    @property
    def expected(self) -> str:
        return f"a number of at most {MAX_DIGITS} digits with an exponent from -{MAX_EXPONENT} to {MAX_EXPONENT}"

    def make_reader(self, codes: Codes) -> Reader:
        return read_number


@dataclass(frozen=True, slots=True)
class Integer(ValueType):
    """A number without a fraction."""

    @property
    def label(self) -> str:
        return "INTEGER"

    @property
    def expected(self) -> str:
        return f"a whole number of at most {MAX_DIGITS} digits"

    def make_reader(self, codes: Codes) -> Reader:
        return read_integer


@dataclass(frozen=True, slots=True)
class Boolean(ValueType):
    """True or false."""

    @property
    def label(self) -> str:
        return "BOOLEAN (values: true, false)"

    @property
    def expected(self) -> str:
        return "true or false"

    def make_reader(self, codes: Codes) -> Reader:
        return read_boolean


@dataclass(frozen=True, slots=True)
class Enum(ValueType):
    """One of fixed names. The contract knows the `unsupported` ones too; this service rejects them."""

    values: tuple[str, ...]
    unsupported: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return ", ".join(self.values)

    @property
    def expected(self) -> str:
        return f"one of {', '.join(self.values)}" if len(self.values) > 1 else self.values[0]

    def make_reader(self, codes: Codes) -> Reader:
        return make_member_reader(frozenset(self.values))

    def make_column_test(self, codes: Codes) -> ColumnTest:
        return are_members(frozenset(self.values))


@dataclass(frozen=True, slots=True)
class ClassifierCode(ValueType):
    """A code of a classifier. `is_forbidden` is true of the codes that exist and may not be used in this field."""

    classifier: str
    is_forbidden: Callable[[str], bool] | None = None

    @property
    def label(self) -> str:
        return "STRING"

    @property
    def expected(self) -> str:
        return f"a code of the classifier {self.classifier}, listed by GET /classifier/{self.classifier}"

    @property
    def expects_text(self) -> bool:
        return True

    def make_reader(self, codes: Codes) -> Reader:
        allowed = self._allowed(codes)
        if self.is_forbidden is None:
            return make_member_reader(allowed)
        return make_code_reader(allowed, codes[self.classifier] - allowed)

    def make_column_test(self, codes: Codes) -> ColumnTest:
        return are_members(self._allowed(codes))

    def make_checks(self, codes: Codes) -> Sequence[ValueCheck]:
        retired = frozenset(code for code in self._allowed(codes) if type(code) is RetiredCode)
        return (ValueCheck(RETIRED_CODE, retired.__contains__, retired.isdisjoint),) if retired else ()

    def _allowed(self, codes: Codes) -> frozenset[str]:
        existing, is_forbidden = codes[self.classifier], self.is_forbidden
        return existing if is_forbidden is None else frozenset(code for code in existing if not is_forbidden(code))


@dataclass(frozen=True, slots=True)
class Nested(ValueType):
    """An object with fields of its own, by its schema's name."""

    schema: str

    @property
    def label(self) -> str:
        return "OBJECT"

    @property
    def expected(self) -> str:
        return "an object"


@dataclass(frozen=True, slots=True)
class NestedList(ValueType):
    """A list of objects, by their schema's name."""

    schema: str

    @property
    def label(self) -> str:
        return "LIST"

    @property
    def expected(self) -> str:
        return "a list of objects"


@dataclass(frozen=True, slots=True)
class ScreeningList(ValueType):
    """Names of screening processes. None of them is available in a batch, so every name is rejected."""

    values: tuple[str, ...]

    @property
    def label(self) -> str:
        return "LIST"

    @property
    def expected(self) -> str:
        return "nothing: screening is not available in a batch"
