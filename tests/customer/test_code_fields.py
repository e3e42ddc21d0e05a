"""Which codes of classifiers a document has."""

from muster.customer.code_fields import find_codes

DOCUMENT = {
    "entityType": "ORGANIZATION",
    "businessUnit": "MAIN",
    "name": "LT",
    "legalForm": "LTD",
    "registrationCountry": "LV",
    "listAddress": [{"country": "LT", "city": "EE"}, {"country": "PL"}],
    "listSourceOfWealth": [{"code": "INHERITANCE"}],
    "listRelatedEntity": [{"legalForm": "CORPORATION", "listAddress": [{"country": "EE"}]}],
}


def test_codes_are_found_at_the_fields_that_take_them_and_nowhere_else() -> None:
    wanted = {"country": frozenset({"LT", "LV", "EE", "FI"}), "sourceOfWealth": frozenset({"INHERITANCE"})}
    assert find_codes(DOCUMENT, wanted) == {
        ("country", "LT"),
        ("country", "LV"),
        ("country", "EE"),
        ("sourceOfWealth", "INHERITANCE"),
    }
    assert find_codes(DOCUMENT, {"legalForm": frozenset({"CORPORATION"})}) == {("legalForm", "CORPORATION")}
    assert find_codes({**DOCUMENT, "name": "LTD", "legalForm": "X"}, {"legalForm": frozenset({"LTD"})}) == set()
    assert find_codes(DOCUMENT, {}) == set()


def test_values_of_another_shape_are_passed_over() -> None:
    wanted = {"country": frozenset({"LT"}), "legalForm": frozenset({"LTD"})}
    document = {"legalForm": ["LTD"], "listAddress": {"country": "LT"}, "listRelatedEntity": [None, "LT", ["LT"]]}
    assert find_codes(document, wanted) == {("country", "LT")}
