"""The parts of a valid JSON text are found where the scan that checks the syntax finds them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muster.intake import json_structure
from muster.intake.json_scanner import InvalidJsonError, skip_value
from muster.intake.json_structure import (
    MAX_DEPTH,
    find_deep_containers,
    find_end,
    iterate_element_groups,
    scan_elements,
    scan_pairs,
)
from muster.intake.tolerant_json import decode_key

LETTERS = st.text(alphabet='a[]{},:"\\é \n', max_size=6)
SCALARS = st.sampled_from([None, True, -1.5e-7, 12, ""]) | LETTERS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(LETTERS, inner, max_size=4), max_leaves=40
)
LAYOUTS = st.sampled_from([{}, {"indent": 1}, {"separators": (",", ":")}, {"ensure_ascii": False}])
TREES = [[[{"a": [[]]}, ["]"], {"b\\": {}}]] * 3, {"c": [[[[["[" * 40]]]]]}, "x" * 50]


@pytest.fixture(autouse=True, scope="module", params=["sizes of the service", "tiny sizes"])
def sizes(request: pytest.FixtureRequest) -> Iterator[None]:
    """With tiny sizes, a container of a few bytes is a large one, and a window cuts every part of a text somewhere."""
    tiny = {"_SMALL_BYTES": 6, "_MIN_WINDOW_BYTES": 1, "_MAX_WINDOW_BYTES": 9}
    with pytest.MonkeyPatch.context() as patch:
        for name, size in tiny.items() if request.param == "tiny sizes" else ():
            patch.setattr(json_structure, name, size)
        yield


def read(text: bytes, at: int = 0) -> tuple[Any, int]:
    """The value that begins at the offset and its end, found part by part."""
    found: Any = None

    def add_element(at: int) -> int:
        value, end = read(text, at)
        found.append(value)
        return end

    def add_pair(key: bytes, at: int) -> int:
        found[decode_key(key)], end = read(text, at)
        return end

    if text[at : at + 1] == b"[":
        found = []
        end = scan_elements(text, at, add_element)
    elif text[at : at + 1] == b"{":
        found = {}
        end = scan_pairs(text, at, add_pair)
    else:
        end = find_end(text, at)
        return json.loads(text[at:end]), end
    assert end == find_end(text, at) == skip_value(text, at)
    return found, end


@given(value=VALUES, layout=LAYOUTS)
@example(value=TREES, layout={})
def test_parts_of_a_value_make_the_value(value: Any, layout: dict[str, Any]) -> None:
    text = json.dumps(value, **layout).encode()
    assert read(text) == (value, len(text))
    assert find_end(b"[" + text + b" ,", 1) == 1 + len(text)


@given(elements=st.lists(VALUES, max_size=12), layout=LAYOUTS, max_bytes=st.integers(1, 80))
@example(elements=TREES, layout={}, max_bytes=1)
def test_groups_have_all_elements_and_only_a_single_one_is_larger(
    elements: list[Any], layout: dict[str, Any], max_bytes: int
) -> None:
    text = json.dumps(elements, **layout).encode()
    found: list[Any] = []
    for start, end in iterate_element_groups(text, max_bytes):
        group = json.loads(b"[%b]" % text[start:end].rstrip(b", \n"))
        assert end - start <= max_bytes or len(group) == 1
        found += group
    assert found == elements


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"[":', "}"), ('[{"\\"": ', "} ]")])
@pytest.mark.parametrize("count", [1, 10, MAX_DEPTH - 2, MAX_DEPTH - 1, MAX_DEPTH, 200])
def test_containers_below_the_greatest_depth_are_found_with_all_that_is_in_them(
    opening: str, closing: str, count: int
) -> None:
    nested = f"{opening * count}1{closing * count}"
    text = f'[{nested}, {{"a": {nested}}}, []]'.encode()
    kept = bytearray(text)
    for start, end in reversed(find_deep_containers(text)):
        assert skip_value(text, start) == end
        kept[start:end] = b"0"
    assert compute_depth(json.loads(kept)) == min(compute_depth(json.loads(text)), MAX_DEPTH)


def compute_depth(value: Any) -> int:
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(compute_depth, value.values() if isinstance(value, dict) else value), default=0)


@given(value=VALUES, cut=st.integers(0, 200))
@example(value=TREES, cut=0)
def test_beginning_of_a_container_has_no_end(value: Any, cut: int) -> None:
    text = json.dumps([value]).encode()
    beginning = text[: min(cut, len(text) - 1)]
    with pytest.raises(InvalidJsonError):
        scan_elements(beginning, 0, lambda at: find_end(beginning, at))
    if beginning:
        with pytest.raises(InvalidJsonError):
            find_end(beginning, 0)
