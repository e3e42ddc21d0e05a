"""The HTTP client of the demo, which prints requests and responses."""

import json
from http.client import HTTPConnection, HTTPException, HTTPResponse
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from muster.cli.errors import CommandError

if TYPE_CHECKING:
    from muster.sample_data import SampleUsers

HOST: Final = "127.0.0.1"
PATH: Final = "/amlyze-ws-rest/batch-customers"
_SECONDS: Final = 30
_NOTABLE_CUSTOMERS: Final = ("SAMPLE-PEP-REVIEW", "SAMPLE-OWNER-CHANGE", "SAMPLE-FOURTH-ATTEMPT")
_BROKEN: Final = '{"customers": [{"entityType": "INDIVIDUAL", "firstName": "Tomas", "citizenshipCountry": "XX"}]}'


class DemoClient:
    """A client of the service on this port, with the token of a user."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._console = Console(highlight=False, soft_wrap=True)

    def send_customers(self) -> bool:
        """Sends the minimal batch of the contract; True when all of it was accepted. Raises `CommandError`."""
        content = files("muster.web").joinpath("examples/minimal.json").read_text(encoding="utf-8")
        self._show(f"POST {self._url(PATH)}", self._headers.items(), content)
        connection = HTTPConnection(HOST, self._port, timeout=_SECONDS)
        try:
            connection.request("POST", PATH, content.encode(), self._headers)
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, HTTPException) as error:
            raise CommandError(
                f"the service gave no response ({type(error).__name__}); what it wrote above says why"
            ) from None
        finally:
            connection.close()
        self._show(f"HTTP/1.1 {response.status} {response.reason}", response.getheaders(), text)
        return _all_accepted(response, text)

    def say_what_to_try(self, users: "SampleUsers") -> None:
        """Prints where the service and its console are, who can sign in, and a request for the reader's terminal."""
        headers = " ".join(f"-H '{name}: {value}'" for name, value in self._headers.items())
        url = self._url("/amlyze-ws-rest/validate-batch-customers?detail=full")
        self._say("The service keeps running until Ctrl-C. All of its requests, to read and to try out:", "bold")
        self._say(f"  {self._url('/swagger-ui/')}")
        self._say("A customer with mistakes, and all of them in the response:", "bold")
        self._say(f"  curl {headers} -d '{_BROKEN}' '{url}'")
        self._say("The console, with sample data of 30 days: all of its customers and users are made up:", "bold")
        self._say(f"  {self._url('/console/')}")
        self._say(f"  Sign in as {users.admin} or {users.compliance} with the password {users.password}")
        self._say(f"  Customers to look at: {', '.join(_NOTABLE_CUSTOMERS)}")

    def _show(self, first: str, headers: Any, content: str) -> None:
        self._say(first, "bold")
        for name, value in headers:
            self._say(f"{name}: {value}")
        self._say("")
        try:
            self._console.print_json(content)
        except ValueError:
            self._say(content)
        self._say("")

    def _say(self, line: str, style: str | None = None) -> None:
        self._console.print(line, style=style, markup=False)

    def _url(self, path: str) -> str:
        return f"http://{HOST}:{self._port}{path}"


def _all_accepted(response: HTTPResponse, text: str) -> bool:
    if response.status != 200:
        return False
    results = json.loads(text)["results"]
    return bool(results) and all(result["resultType"] == "REQUEST_ACCEPTED" for result in results)
