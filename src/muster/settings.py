"""Settings: one row each, from which defaults, `--help`, and the reference page are derived.

A setting comes from the command line, else from its environment variable (`MUSTER_` and the name in capitals), else
from its default.
"""

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from dataclasses import field as dataclass_field
from ipaddress import ip_address, ip_network
from typing import Any


class InvalidSettingError(Exception):
    """A value that its setting does not take; the message says which one and what it takes, without the value."""


def _row(default: Any, meaning: str, at_least: int | None = None, at_most: int | None = None) -> Any:
    return dataclass_field(default=default, metadata={"meaning": meaning, "at_least": at_least, "at_most": at_most})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one installation. Sizes are in bytes, times in seconds."""

    database: str = _row(
        "sqlite:///muster.db", "where the data lives: `sqlite:///FILE`, or `postgresql://USER:PASSWORD@HOST:PORT/NAME`"
    )
    host: str = _row("127.0.0.1", "the address the service listens on")
    port: int = _row(8878, "the port the service listens on", 0, 65_535)
    workers: int = _row(1, "worker processes; one per core is a good start on PostgreSQL", 1)
    tls_cert: str | None = _row(None, "the server's certificate chain, a PEM file; with its key it speaks HTTPS")
    tls_key: str | None = _row(None, "the private key of that certificate, a PEM file")
    trusted_proxies: str = _row(
        "127.0.0.1",
        "addresses or networks of proxies, with commas, whose `X-Forwarded-For` says where a request comes from; "
        "whatever sends from one can name any address",
    )
    max_customers: int = _row(10_000, "how many customers one request may hold; more is a 413", 1)
    max_body_bytes: int = _row(
        64 * 1024 * 1024, "bytes of JSON that one request may hold, decompressed; more is a 413", 1
    )
    threads: int = _row(
        8, "requests that a worker works on at the same time; it may hold four more database connections than that", 1
    )
    max_queued_requests: int = _row(64, "requests that may wait for a thread of a worker; one more is a 503", 0)
    max_requests_per_user: int = _row(
        32, "requests of one user that a worker works on or lets wait at the same time; one more is a 429", 1
    )
    idempotency_hours: int = _row(
        24, "hours for which an `Idempotency-Key` stands for its request; the same key later is a new one", 1, 8_760
    )
    oidc_issuer: str | None = _row(
        None, "the URL of an OpenID provider whose tokens are taken as Bearer, as its tokens have it in `iss`"
    )
    oidc_audience: str | None = _row(None, "what its tokens for this service have in `aud`")
    oidc_name_claim: str = _row("sub", "the claim that names the user, who is `oidc:` and that name here")
    oidc_role_claim: str = _row(
        "role", "the claim with the user's role: `submit`, `read`, `watch` or `admin`; others are ignored in it"
    )
    oidc_units_claim: str = _row(
        "business_units", "the claim with the user's business units, the default one first; none without it"
    )
    log_format: str = _row("auto", "`json`, `text`, or `auto`: text on a terminal and JSON lines elsewhere")

    @classmethod
    def read(cls, environment: Mapping[str, str] | None = None, **given: Any) -> "Settings":
        """Settings from `given` (None is not given), then from the environment, then from the defaults."""
        environment = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        for row in fields(cls):
            if given.get(row.name) is not None:
                values[row.name] = given[row.name]
            elif (text := environment.get(variable_name(row.name), "")) != "":
                values[row.name] = _whole_number(row, text) if type(row.default) is int else text
            _check_bounds(row, values.get(row.name))
        settings = cls(**values)
        _check_proxies(settings.trusted_proxies)
        return settings

    def to_environment(self) -> dict[str, str]:
        """The settings as environment variables, for worker processes."""
        values = {variable_name(row.name): getattr(self, row.name) for row in fields(self)}
        return {name: str(value) for name, value in values.items() if value is not None}


def _check_bounds(row: Field[Any], value: Any) -> None:
    least, most = row.metadata["at_least"], row.metadata["at_most"]
    if value is not None and least is not None and not least <= value <= (most or value):
        raise _out_of_bounds(row)


def _out_of_bounds(row: Field[Any]) -> InvalidSettingError:
    least, most = row.metadata["at_least"], row.metadata["at_most"]
    return InvalidSettingError(
        f"{variable_name(row.name)} must be a whole number of at least {least}"
        + (f" and at most {most}" if most else "")
    )


def _check_proxies(value: str) -> None:
    """The server takes what it doesn't understand for a name that nobody has, and so trusts no proxy."""
    if value == "*":
        return
    try:
        for part in value.split(","):
            # As the server reads it: a network by its slash.
            (ip_network if "/" in part else ip_address)(part.strip())
    except ValueError:
        name, example = variable_name("trusted_proxies"), "10.0.0.7,10.1.0.0/16"
        raise InvalidSettingError(
            f"{name} must be addresses or networks with commas between them, as {example} (in a network, 0 is all that "
            "follows its prefix), or * alone for whoever connects"
        ) from None


def variable_name(name: str) -> str:
    """The environment variable of a setting."""
    return f"MUSTER_{name.upper()}"


def iterate_settings() -> list[tuple[str, object, str]]:
    """Name, default and meaning of every setting."""
    return [(row.name, row.default, row.metadata["meaning"]) for row in fields(Settings)]


def _whole_number(row: Field[Any], text: str) -> int:
    digits = text.removeprefix("-")
    # Of more digits Python makes no number, and no setting has so many.
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
        raise _out_of_bounds(row)
    return int(text)
