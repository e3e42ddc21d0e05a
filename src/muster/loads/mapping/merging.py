"""Merging: puts the documents of several rows together to one customer."""

from typing import Any

from muster.loads.records import DocumentPath


class MergedDocument:
    """The document of a customer that has several rows.

    A list gets the elements of each row that it does not have yet: the rows of a database join repeat them. Everything
    else belongs to the customer: rows may leave it out, and must agree otherwise. `origins` is that of a `Record`.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.document: dict[str, Any] = {}
        self.origins: dict[DocumentPath, int] = {}
        self._elements: dict[DocumentPath, set[str]] = {}
        self._row = 0
        self._differing: list[DocumentPath] = []
        self.add(document)

    def add(self, document: dict[str, Any], row: int = 0) -> list[DocumentPath]:
        """Adds the document of the row with this index. Returns the fields in which it differs."""
        self._row, self._differing = row, []
        self._merge(self.document, document, ())
        return self._differing

    def _merge(self, into: dict[str, Any], added: dict[str, Any], path: DocumentPath) -> None:
        for name, value in added.items():
            place = (*path, name)
            present = into.get(name)
            if type(value) is list and (present is None or type(present) is list):
                self._extend(into.setdefault(name, []), value, place)
            elif present is None:
                into[name] = value
                self._note(place)
            elif type(value) is dict and type(present) is dict:
                self._merge(present, value, place)
            elif value != present or type(value) is not type(present):
                self._differing.append(place)

    def _extend(self, elements: list[Any], added: list[Any], place: DocumentPath) -> None:
        known = self._elements.setdefault(place, set())
        for element in added:
            key = repr(element)
            if element is not None and key not in known:
                known.add(key)
                self._note((*place, len(elements)))
                elements.append(element)

    def _note(self, place: DocumentPath) -> None:
        if self._row:
            self.origins[place] = self._row
