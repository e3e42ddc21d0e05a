"""A request to every route of the console, on records that a sender saved in the business unit NORTH."""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from litestar.routes import HTTPRoute

from muster.auth.passwords import hash_password
from muster.auth.tokens import generate_token
from muster.auth.users import Role, Token, User
from muster.classifiers.entries import ClassifierEntry
from muster.web.console.administration.user_references import build_reference
from muster.web.console.routes import build_console_router
from muster.web.console.static_files import get_static_url
from tests.samples import individual
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.record_samples import add_load, add_sender, refused, send_batch, send_file
from tests.web.console.uploads import HEADER, fill_out, get_id, judge, to_csv, upload

SAME_ORIGIN: Final = {"Sec-Fetch-Site": "same-origin"}
UNITS: Final = ("NORTH", "SOUTH")
PASSWORD: Final = "correct horse battery"
# The user whom the pages of users are about. Anybody can sign in as this one.
PERSON: Final = "person"
OWN_CODE: Final = "OWN"
_CODES_FILE: Final = "classifier,code,title\nserviceType,IMPORTED,Imported\n"
_PACKED_CODES: Final = base64.b64encode(zlib.compress(_CODES_FILE.encode())).decode()
_MAPPING: Final = f'ignore = {list(HEADER[1:])}\n[fields]\ncustomerExtId = "{HEADER[0]}"\n'


@dataclass(frozen=True)
class RouteRequest:
    """How a route is requested: what follows its path, and the fields and files of its form."""

    query: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, tuple[str | None, str]] = field(default_factory=dict)


# Routes whose parameters have names of others, and mean something else.
_RENAMED: Final = {
    "/console/static/{digest:str}/{name:str}": "/console/static/{digest:str}/{file:str}",
    "/console/loads/{loadId:str}/cancel": "/console/loads/{runningId:str}/cancel",
    "/console/load-file/{loadId:str}/load": "/console/load-file/{dryRunId:str}/load",
    **{
        f"/console/load-file/{{loadId:str}}{step}": f"/console/load-file/{{uploadId:str}}{step}"
        for step in ("", "/encoding", "/sheet", "/mapping", "/discard")
    },
}
# Forms that do what their page is for.
REQUESTS: Final[Mapping[str, RouteRequest]] = {
    **{
        f"GET /console/customers/{{customerExtId:str}}{view}": RouteRequest("?unit=NORTH")
        for view in ("", "/versions", "/readers", "/document.json")
    },
    "GET /console/code-lists/{name:str}/edit": RouteRequest(f"?entry={OWN_CODE}"),
    "POST /console/customers": RouteRequest(fields={"customerExtId": "{customerExtId}"}),
    "POST /console/refused": RouteRequest(fields={"customerExtId": "{refusedExtId}"}),
    "POST /console/refused/export": RouteRequest(fields={"customerExtId": "{refusedExtId}", "format": "csv"}),
    "POST /console/sign-in": RouteRequest(fields={"name": PERSON, "password": PASSWORD}),
    "POST /console/sessions/end": RouteRequest(fields={"session": "{session}"}),
    "POST /console/code-lists/{name:str}/add": RouteRequest(fields={"code": "NEW", "title": "New"}),
    "POST /console/code-lists/{name:str}/edit": RouteRequest(fields={"code": OWN_CODE, "title": "Another title"}),
    "POST /console/code-lists/{name:str}/remove": RouteRequest(fields={"codes": OWN_CODE}),
    "POST /console/code-lists/import": RouteRequest(files={"file": ("codes.csv", _CODES_FILE)}),
    "POST /console/code-lists/import/apply": RouteRequest(
        files={"content": (None, _PACKED_CODES), "revision": (None, "{revision}")}
    ),
    "POST /console/code-lists/uses": RouteRequest(fields={"codes": f"serviceType:{OWN_CODE}"}),
    "POST /console/users": RouteRequest(fields={"part": "sender"}),
    "POST /console/users/new": RouteRequest(fields={"name": "added", "roles": "read", "units": "NORTH"}),
    "POST /console/users/{reference:str}/rights": RouteRequest(fields={"roles": "read", "units": "SOUTH"}),
    "POST /console/users/{reference:str}/password": RouteRequest(
        fields={"password": "another password", "repeated": "another password"}
    ),
    "POST /console/users/{reference:str}/tokens": RouteRequest(fields={"days": "30"}),
    "POST /console/users/{reference:str}/tokens/revoke": RouteRequest(fields={"token": "{token}", "confirmed": "yes"}),
    "POST /console/load-file": RouteRequest(files={"file": ("new.csv", "customerExtId\nc-1\n")}),
    "POST /console/load-file/{loadId:str}": RouteRequest(fields={"field-0": "customerExtId", "action": "preview"}),
    "POST /console/load-file/{loadId:str}/encoding": RouteRequest(fields={"encoding": "utf-8"}),
    "POST /console/load-file/{loadId:str}/sheet": RouteRequest(fields={"sheet": "Sheet 1"}),
    "POST /console/load-file/{loadId:str}/mapping": RouteRequest(fields={"toml": _MAPPING}),
    "POST /console/load-file/mappings/delete": RouteRequest(fields={"name": "{mapping}"}),
    "POST /console/audit": RouteRequest(fields={"subject": "{customerExtId}"}),
    "POST /console/audit/export": RouteRequest(fields={"actor": "sender", "format": "csv"}),
}


@dataclass
class SampleRecords:
    """What the requests are about. `customer` was accepted, and `refused_customer` was not."""

    console: ConsoleBrowser
    sender: User
    customer: Mapping[str, Any]
    refused_customer: Mapping[str, Any]
    parameters: dict[str, str]

    def build_path(self, route: str, parameters: Mapping[str, str]) -> str:
        """The path and query of a route."""
        _, template = route.split()
        template = _RENAMED.get(template, template)
        return template.replace(":str", "").format_map(parameters) + get_request(route).query

    def send(self, route: str, headers: Mapping[str, str] = SAME_ORIGIN, **query: str) -> httpx.Response:
        """Requests the route in the session that the browser has now. The response may be a redirect."""
        request, parameters = get_request(route), self._find_parameters()
        path = str(httpx.URL(self.build_path(route, parameters)).copy_merge_params(query))
        if route.startswith("GET"):
            return self.console.http.get(path, follow_redirects=False)
        fields = {name: _fill(value, parameters) for name, value in request.fields.items()}
        files: Any = {name: (file, _fill(content, parameters)) for name, (file, content) in request.files.items()}
        if not files:
            return self.console.post(path, fields, headers).response
        return self.console.http.post(path, data=fields, files=files, headers=headers, follow_redirects=False)

    def _find_parameters(self) -> dict[str, str]:
        """With those that the session decides on."""
        store, session = self.console.store, self.console.session
        return {
            **self.parameters,
            "reference": build_reference(session, PERSON) if session else "none",
            "session": session.id if session else "none",
            "revision": str(store.classifiers.entries()[0]),
        }


def _fill(value: str, parameters: Mapping[str, str]) -> str:
    return parameters[value[1:-1]] if value.startswith("{") else value


def add_sample_records(console: ConsoleBrowser) -> SampleRecords:
    """Adds one of each: a batch with an accepted and a refused customer, a load with a refused row, a code, a user."""
    store = console.store
    entries = [ClassifierEntry("businessUnit", unit, f"Unit {unit}") for unit in UNITS]
    store.classifiers.write([*entries, ClassifierEntry("serviceType", OWN_CODE, "Own")], replace=False)
    sender = add_sender(console, "NORTH", name="sender")
    customer, refused_customer = individual(businessUnit="NORTH"), refused(businessUnit="NORTH")
    batch_id = send_batch(console, sender, customer, refused_customer)
    load = send_file(console, sender, b"customerExtId,firstName\nin-a-file,Zoe\n")
    store.users.add_user(User(PERSON, Role.READ, ("NORTH",), hash_password(PASSWORD)))
    made = generate_token()
    store.users.add_token(Token(made.id, PERSON, made.sha256, datetime.now(UTC)))
    console.resume(sender)
    upload_path, judged_path = upload(console, to_csv()), upload(console, to_csv())
    form = {**fill_out(console.get(judged_path), judged_path), "save-as": "saved mapping"}
    dry_run = judge(console, judged_path, form)
    digest, file_name = get_static_url("console.css").split("/")[-2:]
    parameters = {
        "batchId": str(batch_id),
        "loadId": str(load.id),
        "runningId": str(add_load(console, sender.name, ended=False)),
        "customerExtId": customer["customerExtId"],
        "refusedExtId": refused_customer["customerExtId"],
        "uploadId": str(get_id(upload_path)),
        "dryRunId": str(get_id(dry_run.response.request.url.path)),
        "mapping": "saved mapping",
        "token": made.id,
        "digest": digest,
        "name": "serviceType",
        "file": file_name,
    }
    return SampleRecords(console, sender, customer, refused_customer, parameters)


def list_routes() -> Sequence[str]:
    """Method and template of all routes of the console."""
    return [
        f"{method} {route.path}"
        for route in build_console_router().routes
        if isinstance(route, HTTPRoute)
        for method in sorted(route.methods)
        if method in ("GET", "POST")
    ]


def get_request(route: str) -> RouteRequest:
    return REQUESTS.get(route, RouteRequest())
