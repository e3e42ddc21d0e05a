"""Settings: one row each, from which defaults, `--help` and the reference page are derived.

A setting comes from the command line, else from its environment variable (`MUSTER_` and the name in capitals), else
from its default.
"""

import os
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import Field, dataclass, fields
from dataclasses import field as dataclass_field
from difflib import get_close_matches
from ipaddress import ip_address, ip_network
from typing import Any, Final, NamedTuple

# Variables of earlier versions and their successors. Ignoring one would silently put a default in the place of a limit
# that an operator chose.
RENAMED_VARIABLES: Final = {
    "MUSTER_MAX_BODY": "MUSTER_MAX_BODY_BYTES",
    "MUSTER_QUEUE": "MUSTER_MAX_QUEUED_REQUESTS",
    "MUSTER_USER_REQUESTS": "MUSTER_MAX_REQUESTS_PER_USER",
}
_PREFIX: Final = "MUSTER_"
# Variables of the tests, which start services too.
_TEST_PREFIX: Final = "MUSTER_TEST_"
# The token of `muster load --url`. It is no setting of the service.
CLIENT_TOKEN_VARIABLE: Final = "MUSTER_TOKEN"  # noqa: S105 - a name
# Kubernetes sets these for each service whose name begins with "muster" (`enableServiceLinks`). One of them has the
# name of a setting: MUSTER_PORT=tcp://10.96.0.7:8878.
_SERVICE_LINK: Final = re.compile(
    r"MUSTER(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
_SERVICE_LINK_PORT: Final = re.compile(r"MUSTER(_[A-Z0-9_]+)?_PORT")
_SERVICE_LINK_URL: Final = re.compile(r"(tcp|udp|sctp)://\S+")
_MAX_DIGITS: Final = (
    19  # `int` refuses more than 4,300 digits with an error of its own; no setting needs more than these
)


class InvalidSettingError(Exception):
    """A setting has an invalid value. The message names the setting and what it accepts, but not the value."""


class SettingRow(NamedTuple):
    """A setting as pages and help texts show it. A `default` of None means unset."""

    name: str
    default: object
    meaning: str


def _setting(default: Any, meaning: str, minimum: int | None = None, maximum: int | None = None) -> Any:
    return dataclass_field(default=default, metadata={"meaning": meaning, "minimum": minimum, "maximum": maximum})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one installation. Units are in the meanings."""

    database: str = _setting(
        "sqlite:///muster.db", "database URL: `sqlite:///FILE`, or `postgresql://USER:PASSWORD@HOST:PORT/NAME`"
    )
    read_database: str | None = _setting(
        None,
        "URL of a standby of the PostgreSQL database, from which lists, searches, reports and exports are read; what "
        "names one batch, load or customer is read from the database itself",
    )
    max_read_lag: int = _setting(
        10, "seconds that the data of `MUSTER_READ_DATABASE` may be old; an older one is not read from", 1, 3_600
    )
    host: str = _setting("127.0.0.1", "address to listen on")
    port: int = _setting(8878, "port to listen on", 0, 65_535)
    workers: int = _setting(1, "worker processes; one per core is a good start on PostgreSQL", 1)
    tls_cert: str | None = _setting(
        None, "PEM file with the server's certificate chain; with its private key it enables HTTPS"
    )
    tls_key: str | None = _setting(None, "PEM file with the private key of the certificate")
    trusted_proxies: str = _setting(
        "127.0.0.1",
        "comma-separated addresses or networks of proxies whose `X-Forwarded-For` gives the client address; "
        "hosts on these networks can spoof client addresses",
    )
    max_customers: int = _setting(10_000, "customers per request; a larger batch gets a 413", 1)
    max_body_bytes: int = _setting(
        64 * 1024 * 1024, "bytes of JSON per request after decompression; a larger body gets a 413", 1
    )
    threads: int = _setting(
        8,
        "requests that a worker processes at the same time; a worker opens at most six more database connections "
        "than this, and three more for each load that it runs",
        1,
    )
    max_queued_requests: int = _setting(
        64, "requests that wait for a thread of a worker; beyond this number a request gets a 503", 0
    )
    max_requests_per_user: int = _setting(
        32, "requests of one user that a worker processes or queues at the same time; one more gets a 429", 1
    )
    statement_timeout: int = _setting(
        60,
        "seconds that a statement may take on PostgreSQL (`statement_timeout`), and after which a server that does not "
        "answer loses its connection (a second later, and `tcp_user_timeout`); the request gets a 500",
        1,
    )
    keep_alive: int = _setting(
        75,
        "seconds that an idle connection stays open; longer than the idle timeout of a load balancer in front",
        1,
    )
    drain_seconds: int = _setting(
        0,
        "seconds between SIGTERM and the shutdown, in which `/health/ready` is a 503 and requests are taken as before; "
        "as long as a load balancer in front needs to notice",
        0,
        3_600,
    )
    idempotency_hours: int = _setting(
        24, "hours until an `Idempotency-Key` expires; after that the key can be reused", 1, 8_760
    )
    load_workers: int = _setting(
        1, "loads of files that a worker process runs at the same time; 0: it takes uploads and runs no load", 0, 64
    )
    max_load_bytes: int = _setting(
        50 * 1024**3, "bytes of a file that is uploaded, as it is sent; a larger one gets a 413", 1
    )
    keep_refused_days: int = _setting(
        7,
        "days for which the refused rows of a load can be downloaded after its end, then the service deletes them; "
        "0 keeps none",
        0,
        3_650,
    )
    oidc_issuer: str | None = _setting(
        None, "issuer URL of an OpenID provider whose tokens are accepted as Bearer tokens, exactly as in their `iss`"
    )
    oidc_audience: str | None = _setting(None, "audience of the provider's tokens for this service, as in their `aud`")
    oidc_name_claim: str = _setting("sub", "claim with the user's name; the user is called `oidc:` and this name")
    oidc_role_claim: str = _setting(
        "role", "claim with the user's roles: `submit`, `read`, `watch`, `audit` and `admin`; other values are ignored"
    )
    oidc_units_claim: str = _setting(
        "business_units", "claim with the user's business units, the default unit first; without it the user has none"
    )
    oidc_client_id: str | None = _setting(
        None, "this service as a client of the provider; with it, users sign in to the console at the provider"
    )
    oidc_client_secret_file: str | None = _setting(
        None, "file with the secret of the client; without it, the client is a public one, with PKCE alone"
    )
    metrics_token_file: str | None = _setting(
        None,
        "file with a Bearer token, of your choice, that permits reading `/metrics` and nothing else, also while the "
        "database is unavailable",
    )
    log_format: str = _setting("auto", "`json`, `text`, or `auto`: text on a terminal, JSON lines elsewhere")

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None, **given: Any) -> "Settings":
        """Reads settings from `given` (None means not given), then the environment, then the defaults.

        Raises `InvalidSettingError`, and `TypeError` for an unknown name in `given`.
        """
        if unknown := given.keys() - {row.name for row in fields(cls)}:
            raise TypeError(f"unknown settings: {', '.join(sorted(unknown))}")
        environment = os.environ if environment is None else environment
        environment = {name: value for name, value in environment.items() if not _is_service_link(name, value)}
        _check_names(environment)
        values: dict[str, Any] = {}
        for row in fields(cls):
            if given.get(row.name) is not None:
                values[row.name] = given[row.name]
            elif (text := environment.get(variable_name(row.name), "")) != "":
                values[row.name] = _parse_whole_number(row, text) if type(row.default) is int else text
            _check_bounds(row, values.get(row.name))
        settings = cls(**values)
        _check_proxies(settings.trusted_proxies)
        return settings

    @classmethod
    def read_sources(cls, environment: Mapping[str, str] | None = None, **given: Any) -> dict[str, str]:
        """Where `read` takes each setting from: its option, its variable, or "default"."""
        environment = os.environ if environment is None else environment
        sources = {}
        for row in fields(cls):
            variable, option = variable_name(row.name), f"--{row.name.replace('_', '-')}"
            is_set = environment.get(variable, "") != ""
            sources[row.name] = option if given.get(row.name) is not None else variable if is_set else "default"
        return sources

    def to_environment(self) -> dict[str, str]:
        """Returns the settings as environment variables, for worker processes."""
        values = {variable_name(row.name): getattr(self, row.name) for row in fields(self)}
        return {name: str(value) for name, value in values.items() if value is not None}


def variable_name(name: str) -> str:
    """Returns the environment variable of a setting."""
    return f"{_PREFIX}{name.upper()}"


def read_client_token() -> str:
    """The token that `muster load --url` sends, empty when none is set."""
    return os.environ.get(CLIENT_TOKEN_VARIABLE, "").strip()


def iterate_settings() -> list[SettingRow]:
    """Returns all settings in the order of their definition."""
    return [SettingRow(row.name, row.default, row.metadata["meaning"]) for row in fields(Settings)]


def remove_service_links(environment: MutableMapping[str, str]) -> None:
    """Removes the variables that Kubernetes sets for services of its own, so that none is taken for a setting."""
    for name in [name for name, value in environment.items() if _is_service_link(name, value)]:
        del environment[name]


def _is_service_link(name: str, value: str) -> bool:
    is_port = _SERVICE_LINK_PORT.fullmatch(name) and _SERVICE_LINK_URL.fullmatch(value)
    return bool(is_port or _SERVICE_LINK.fullmatch(name))


def _check_names(environment: Mapping[str, str]) -> None:
    """Refuses variables that no setting has: ignoring a misspelt one would silently put a default in its place."""
    for old, new in RENAMED_VARIABLES.items():
        if environment.get(old, "") != "":
            raise InvalidSettingError(f"{old} was renamed; set {new} instead and remove {old}")
    known = {variable_name(row.name) for row in fields(Settings)} | {CLIENT_TOKEN_VARIABLE}
    for name, value in sorted(environment.items()):
        if name.startswith(_PREFIX) and not name.startswith(_TEST_PREFIX) and name not in known and value != "":
            raise InvalidSettingError(_describe_unknown(name, known))


def _describe_unknown(name: str, known: set[str]) -> str:
    near = get_close_matches(name, sorted(known), n=1, cutoff=0.75)
    if near:
        return f"{name} is not a setting; did you mean {near[0]}? Rename it or remove it"
    return f"{name} is not a setting; remove it (`muster check-config` lists the settings)"


def _parse_whole_number(row: Field[Any], text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS):
        raise _out_of_bounds(row)
    return int(text)


def _check_bounds(row: Field[Any], value: Any) -> None:
    minimum, maximum = row.metadata["minimum"], row.metadata["maximum"]
    if value is None or minimum is None:
        return
    if value < minimum or (maximum is not None and value > maximum):
        raise _out_of_bounds(row)


def _out_of_bounds(row: Field[Any]) -> InvalidSettingError:
    minimum, maximum = row.metadata["minimum"], row.metadata["maximum"]
    upper = "" if maximum is None else f" and at most {maximum}"
    return InvalidSettingError(f"{variable_name(row.name)} must be a whole number of at least {minimum}{upper}")


def _check_proxies(value: str) -> None:
    """Refuses unparsable entries: the server would take them for host names and trust no proxy at all."""
    if value == "*":
        return
    try:
        for part in value.split(","):
            # The server reads an entry as a network if it has a slash.
            (ip_network if "/" in part else ip_address)(part.strip())
    except ValueError:
        name, example = variable_name("trusted_proxies"), "10.0.0.7,10.1.0.0/16"
        raise InvalidSettingError(
            f"{name} must be comma-separated addresses or networks, as in {example} (host bits of a network: 0), "
            "or * alone to trust every peer"
        ) from None
