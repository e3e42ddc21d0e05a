"""Help: the reference of fields, errors and files, from the tables that the service runs on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from litestar import Controller

from muster.customer import error_reference, field_guide
from muster.customer.error_order import ERROR_ROWS
from muster.customer.error_reference import ReferenceEntry, group_by_code, iterate_errors, iterate_warnings
from muster.customer.errors import Error
from muster.customer.fields import SCHEMAS
from muster.customer.schema import Field
from muster.loads.file_guide import FIELD_KEYS, FILE_FORMATS, JOIN_KEYS, MAPPING_EXAMPLE, TABLE_KEYS
from muster.loads.row_errors import ROW_ERRORS
from muster.web.console.access import PageDependency, page_option
from muster.web.console.rendering import HtmlResponse
from muster.web.routing import get_or_head


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field of a schema in words. `errors` are the ends of its codes, and the codes that they lead to."""

    name: str
    anchor: str
    takes: str
    mandatory: str
    example: str
    errors: Sequence[tuple[str, str]]
    meaning: str


@dataclass(frozen=True, slots=True)
class SchemaView:
    name: str
    meaning: str
    fields: Sequence[FieldView]


class HelpPageHandlers(Controller):
    path = "/help"

    @get_or_head("/", opt=page_option(None))
    async def index(self, page: PageDependency) -> HtmlResponse:
        return page.render("help.html")

    @get_or_head("/fields", opt=page_option(None))
    async def fields(self, page: PageDependency) -> HtmlResponse:
        return page.render("help_fields.html", introduction=field_guide.INTRODUCTION, schemas=_build_schemas())

    @get_or_head("/errors", opt=page_option(None))
    async def errors(self, page: PageDependency) -> HtmlResponse:
        errors, warnings = _build_errors()
        return page.render(
            "help_errors.html", texts=error_reference, errors=errors, row_errors=ROW_ERRORS, warnings=warnings
        )

    @get_or_head("/files", opt=page_option(None))
    async def files(self, page: PageDependency) -> HtmlResponse:
        return page.render(
            "help_files.html",
            formats=FILE_FORMATS,
            example=MAPPING_EXAMPLE,
            table_keys=TABLE_KEYS,
            field_keys=FIELD_KEYS,
            join_keys=JOIN_KEYS,
        )


@cache
def _build_errors() -> tuple[Sequence[Sequence[ReferenceEntry]], Sequence[Sequence[ReferenceEntry]]]:
    """The errors and the warnings, by code."""
    return group_by_code(iterate_errors()), group_by_code(iterate_warnings())


@cache
def _build_schemas() -> Sequence[SchemaView]:
    codes: dict[Error, str] = {}
    for row in ERROR_ROWS:
        for error in row.errors:
            codes.setdefault(error, row.prefix.list_codes(error)[0])
    return [
        SchemaView(schema.name, schema.meaning, [_build_field(schema.name, field, codes) for field in schema.fields])
        for schema in SCHEMAS.values()
    ]


def _build_field(schema: str, field: Field, codes: Mapping[Error, str]) -> FieldView:
    known: dict[str, str] = {}
    for error in (field.absent_error, field.error, *field.errors.values()):
        if error is not None:
            known.setdefault(error.code, codes[error])
    return FieldView(
        field.name,
        f"{schema.lower()}.{field.name}",
        field_guide.describe_type(field.value_type),
        field.mandatory.description if field.mandatory else "",
        field_guide.format_example(field),
        list(known.items()),
        field.meaning,
    )
