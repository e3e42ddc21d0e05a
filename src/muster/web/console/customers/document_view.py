"""A customer's document as people read it: sections of named values, derived from the field tables.

What a page shows is bounded, because a document is as large as its sender made it. What is left out is counted.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from muster.classifiers.snapshot import ClassifierSnapshot
from muster.customer.fields import SCHEMAS, SCHEMAS_BY_TYPE
from muster.customer.fields.customer import CUSTOMER
from muster.customer.fields.related import RELATED_ENTITY
from muster.customer.schema import Field, Schema
from muster.customer.value_types import ClassifierCode, Nested, NestedList
from muster.web.console.customers.document_sections import DocumentSection, NamedValue, ShownValue, SizeBudget
from muster.web.console.customers.field_labels import get_field_label, get_label, get_plural_label

# Characters of one value. A longer one is cut, with the number of those that are left out.
MAX_VALUE_CHARACTERS: Final = 1_000
# A list may take this share of what its page has left, so that the lists behind it are still seen.
_LIST_SHARE: Final = 0.9
# Objects with at most this many fields, none of which is an object or a list, are rows of a table; others are cards.
_MAX_COLUMNS: Final = 4
# The field of a related entity that is a customer too.
_OTHER_CUSTOMER: Final = next(row for row in RELATED_ENTITY.fields if row.name == "customerExtId")

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


class DocumentView:
    """Makes sections of documents with the titles of the current codes, as long as the budget lasts."""

    def __init__(self, classifiers: ClassifierSnapshot, budget: SizeBudget | None = None) -> None:
        self._classifiers = classifiers
        self.budget = budget or SizeBudget()

    def build_sections(self, document: Mapping[str, Any]) -> list[DocumentSection]:
        """The sections of a customer: values of its type, values of every customer, parts and lists, other fields."""
        own = SCHEMAS_BY_TYPE.get(_get_text(document, "entityType"))
        schemas = [schema for schema in (own, CUSTOMER) if schema is not None]
        sections = [self._build_facts(schema, document) for schema in schemas]
        for schema in schemas:
            sections += self._build_parts(schema, document)
        known = {row.name for schema in schemas for row in schema.fields}
        other = DocumentSection("", "")
        self._add_unknown(other, {name: value for name, value in document.items() if name not in known})
        return [section for section in (*sections, other) if not section.is_empty]

    def build_object(self, schema: Schema, value: Mapping[str, Any], title: str) -> DocumentSection:
        """An object with fields of a schema, and its unknown fields behind them."""
        section = self._build_facts(schema, value)
        section.title = title
        section.sections = self._build_parts(schema, value)
        known = {row.name for row in schema.fields}
        self._add_unknown(section, {name: inner for name, inner in value.items() if name not in known})
        return section

    def build_list(self, row: Field, elements: list[Any]) -> DocumentSection:
        """A list of objects, as a table or as cards."""
        assert isinstance(row.value_type, NestedList)
        schema = SCHEMAS[row.value_type.schema]
        section = DocumentSection(get_plural_label(row.name), is_list=True, size=len(elements))
        label = get_label(schema.name)
        whole, self.budget = self.budget, self.budget.split(_LIST_SHARE)
        for number, element in enumerate(elements, 1):
            if self.budget.is_spent:
                section.omitted = len(elements) - number + 1
                break
            section.elements.append(self._build_element(schema, element, f"{label} {number}"))
        whole.join(self.budget)
        self.budget = whole
        section.columns = _find_columns(schema, section.elements)
        return section

    def show_value(self, value: Any, row: Field | None) -> ShownValue:
        """A value of a field, or of an unknown field for None."""
        if type(value) is bool:
            return ShownValue("", yes=value)
        if isinstance(value, dict | list):
            text = msgspec.json.format(_encode(value), indent=1).decode()
            return ShownValue(text[:MAX_VALUE_CHARACTERS], is_json=True, omitted=_count_omitted(text))
        text = "" if value is None else str(value)
        shown = ShownValue(text[:MAX_VALUE_CHARACTERS], omitted=_count_omitted(text))
        if row is None or not isinstance(row.value_type, ClassifierCode):
            return shown
        title = self._classifiers.titles.get(row.value_type.classifier, {}).get(text)
        if title is None:
            return ShownValue(shown.text, is_unlisted=True, omitted=shown.omitted)
        return shown if title == text else ShownValue(title, code=text)

    def _build_facts(self, schema: Schema, value: Mapping[str, Any]) -> DocumentSection:
        """The plain values of an object."""
        section = DocumentSection(get_label(schema.name))
        for row in schema.fields:
            inner = value.get(row.name)
            if not _is_blank(inner) and not _is_part(row, inner):
                self._add(section, row.name, inner, row)
        return section

    def _build_parts(self, schema: Schema, value: Mapping[str, Any]) -> list[DocumentSection]:
        """The objects and lists of an object."""
        sections = []
        for row in schema.fields:
            inner: Any = value.get(row.name)
            if _is_blank(inner) or not _is_part(row, inner):
                continue
            if isinstance(row.value_type, Nested):
                section = self.build_object(SCHEMAS[row.value_type.schema], inner, get_label(row.name))
            else:
                section = self.build_list(row, inner)
            section.name = row.name
            sections.append(section)
        return [section for section in sections if not section.is_empty]

    def _build_element(self, schema: Schema, element: Any, title: str) -> DocumentSection:
        if isinstance(element, dict):
            return self.build_object(schema, element, title)
        section = DocumentSection(title)
        self._add(section, "", element, None)
        return section

    def _add_unknown(self, section: DocumentSection, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if not _is_blank(value):
                self._add(section, name, value, None)

    def _add(self, section: DocumentSection, name: str, value: Any, row: Field | None) -> None:
        if self.budget.is_spent:
            section.omitted += 1
            return
        shown = self.show_value(value, row)
        label = get_field_label(row) if row else name[:MAX_VALUE_CHARACTERS]
        self.budget.take(f"{label}{name}{shown.text}")
        is_customer = row is _OTHER_CUSTOMER and isinstance(value, str)
        section.facts.append(NamedValue(label, name if row else "", shown, value if is_customer else None))


def _find_columns(schema: Schema, elements: Sequence[DocumentSection]) -> Sequence[tuple[str, str]]:
    """The columns that some element fills, if the list is shown as a table."""
    is_flat = all(not isinstance(row.value_type, Nested | NestedList) for row in schema.fields)
    is_known = all(fact.name for element in elements for fact in element.facts)
    if len(schema.fields) > _MAX_COLUMNS or not is_flat or not is_known:
        return ()
    used = {fact.name for element in elements for fact in element.facts}
    return [(get_label(row.name), row.name) for row in schema.fields if row.name in used]


def _is_part(row: Field, value: Any) -> bool:
    """Whether a value is an object or a list of objects, as its field's type says."""
    if isinstance(row.value_type, Nested):
        return isinstance(value, dict)
    return isinstance(row.value_type, NestedList) and isinstance(value, list)


def _is_blank(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (isinstance(value, dict | list) and not value)


def _get_text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _count_omitted(text: str) -> int:
    return max(0, len(text) - MAX_VALUE_CHARACTERS)
