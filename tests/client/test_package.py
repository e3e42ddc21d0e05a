"""The package as a whole: its imports, the interfaces of both clients, and their descriptions."""

import ast
import inspect
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

import muster_client
from muster_client import async_load_resources, async_resources, load_resources, resources

ROOT: Final = Path(__file__).parents[2] / "client"
SOURCES: Final = sorted(ROOT.joinpath("src", "muster_client").glob("*.py"))
PROJECT: Final = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
# What differs by its nature: asynchronous context managers and closing.
RENAMED: Final = {"close": "aclose", "__enter__": "__aenter__", "__exit__": "__aexit__"}


def test_package_imports_its_dependencies_and_the_standard_library_alone() -> None:
    allowed = {"muster_client", "httpx", "msgspec"} | sys.stdlib_module_names
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or "."] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= allowed, path.name
    assert [requirement.split(">")[0] for requirement in PROJECT["dependencies"]] == ["httpx", "msgspec"]


def list_pairs() -> list[Any]:
    pairs: list[tuple[type, type]] = [(muster_client.Client, muster_client.AsyncClient)]
    pairs += [(muster_client.CustomerStream, muster_client.AsyncCustomerStream)]
    modules: list[tuple[ModuleType, ModuleType]] = [
        (resources, async_resources),
        (load_resources, async_load_resources),
    ]
    for module, async_module in modules:
        for name, found in inspect.getmembers(module, inspect.isclass):
            if found.__module__ == module.__name__:
                pairs.append((found, getattr(async_module, f"Async{name}")))
    return [pytest.param(*pair, id=pair[0].__name__) for pair in pairs]


def describe_methods(described: type) -> dict[str, list[tuple[str, Any, Any]]]:
    """The parameters of the public methods: name, kind and default."""
    methods = {
        name: method for name, method in vars(described).items() if callable(method) or isinstance(method, property)
    }
    iteration = {"__iter__", "__next__", "__aiter__", "__anext__", "__del__"}
    return {
        name: []
        if isinstance(method, property)
        else [(each.name, each.kind, each.default) for each in inspect.signature(method).parameters.values()]
        for name, method in methods.items()
        if name not in iteration
    }


@pytest.mark.parametrize(("synchronous", "asynchronous"), list_pairs())
def test_both_clients_have_the_same_interface(synchronous: type, asynchronous: type) -> None:
    expected = {RENAMED.get(name, name): parameters for name, parameters in describe_methods(synchronous).items()}
    found = describe_methods(asynchronous)
    for methods in (expected, found):  # the functions for tests differ
        methods["__init__"] = [(name, kind, None) for name, kind, _ in methods.get("__init__", [])]
    assert found == expected


def test_everything_public_is_described() -> None:
    for name in muster_client.__all__:
        described = getattr(muster_client, name)
        if not isinstance(described, type):
            continue  # a union of types
        assert described.__doc__, name
        for method, value in vars(described).items():
            if not method.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                assert inspect.getdoc(value), f"{name}.{method}"


def test_version_is_that_of_the_service() -> None:
    service = tomllib.loads(ROOT.parent.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (PROJECT["version"], PROJECT["license"]) == (service["version"], service["license"])
    assert ROOT.joinpath("LICENSE").read_bytes() == ROOT.parent.joinpath("LICENSE").read_bytes()


def test_package_says_that_it_is_typed() -> None:
    assert ROOT.joinpath("src", "muster_client", "py.typed").is_file()
