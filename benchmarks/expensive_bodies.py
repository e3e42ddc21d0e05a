"""Bodies that are made to be expensive: each kind repeats what a decoder turns into much memory or many steps.

Each is one customer, because what is decoded of a batch is released from group to group.
"""

from typing import Final

_ANY: Final = '{"a":['
_ADDRESSES: Final = '{"entityType":"INDIVIDUAL","listAddress":['
_SURROGATE: Final = '],"b":"\\ud800"}'
_RELATED: Final = '{"entityType":"INDIVIDUAL","listRelatedEntity":[{"entityType":"INDIVIDUAL",'

# What stands before, how often it is repeated, and what stands after; `#` is a number that is never the same.
_REPEATED: Final = {
    "empty lists": (_ANY, "[]", "]}"),
    "empty lists beside a lone surrogate": (_ANY, "[]", _SURROGATE),
    "lists of a number beside a lone surrogate": (_ANY, "[1]", _SURROGATE),
    "small trees": (_ANY, "[[[[]]]]", "]}"),
    "small trees beside a lone surrogate": (_ANY, "[[[[]]]]", _SURROGATE),
    "lone surrogates": (_ANY, '"\\ud800"', "]}"),
    "numbers": (_ANY, "1", "]}"),
    "decimals": (_ANY, "1.5", "]}"),
    "decimals beside a lone surrogate": (_ANY, "1.5", _SURROGATE),
    "long numbers": (_ANY, "9" * 41, "]}"),
    "strings": (_ANY, '"ab"', "]}"),
    "keys": ("{", '"#":1', "}"),
    "addresses without a field": (_ADDRESSES, "{}", "]}"),
    "addresses": (_ADDRESSES, '{"country":"LT"}', "]}"),
    "addresses with another country each": (_ADDRESSES, '{"country":"#"}', "]}"),
    "addresses that are numbers": (_ADDRESSES, "1", "]}"),
    "addresses that are decimals": (_ADDRESSES, "1.5", "]}"),
    "addresses that are lone surrogates": (_ADDRESSES, '"\\ud800"', "]}"),
    "addresses that are trees": (_ADDRESSES, "[[[[]]]]", "]}"),
    "addresses with trees": (_ADDRESSES, '{"a":[[[[]]]]}', "]}"),
    "keys of an address": (_ADDRESSES + "{", '"#":1', "}]}"),
    "contacts of a related entity": (_RELATED + '"listContact":[', '{"contactDetails":"#"}', "]}]}"),
    "trees in a related entity": (_RELATED + '"listContact":[{"a":[', "[[[[]]]]", "]}]}]}"),
    "names of screening processes": ('{"initializeScreeningProcesses":[', '"ab"', "]}"),
}
_NESTED: Final = {
    "lists in lists": ("[", "]"),
    "objects in objects": ('{"a":', "}"),
    "lists and objects in each other": ('[{"a":', "}]"),
    "lists with a number in each other": ("[1,", "]"),
}
EXPENSIVE_BODIES: Final = (*_REPEATED, *_NESTED)
# Those that take most memory for their size: one for each part of the service that keeps something of them.
MEMORY_KINDS: Final = (
    "keys",
    "decimals beside a lone surrogate",
    "addresses without a field",
    "addresses with another country each",
    "contacts of a related entity",
    "objects in objects",
)


def build_expensive_body(kind: str, size: int) -> bytes:
    """A body of this kind and of about `size` bytes."""
    if kind in _NESTED:
        opening, closing = _NESTED[kind]
        depth = size // len(opening + closing)
        customer = f'{{"a":{opening * depth}1{closing * depth}}}'
    else:
        before, item, after = _REPEATED[kind]
        count = size // (len(item.replace("#", "12345678")) + 1)
        items = ",".join(item.replace("#", f"{number:08}") for number in range(count)) if "#" in item else ""
        customer = before + (items or ",".join([item] * count)) + after
    return f'{{"customers":[{customer}]}}'.encode()
