"""`muster check-config`: what the service would run with, and whether it could."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from muster.cli.context import settings_errors, storage_errors
from muster.cli.errors import CommandError
from muster.cli.options import Database
from muster.cli.output import print_line, print_table
from muster.settings import Settings, iterate_settings, variable_name

Check = Callable[[Settings], str]  # raises `CommandError`, whose message says what to do


def check_config(database: Database = None) -> None:
    """Prints each setting with its source, and checks database, certificate, provider and token file.

    Secrets are hidden. Changes nothing. Exits with 0 when the service could start, and with 1 when it could not.
    """
    try:
        with settings_errors():
            settings = Settings.read(database=database)
    except CommandError as error:
        raise CommandError(str(error)) from None  # an invalid setting is what this command looks for: exit code 1
    sources = Settings.read_sources(database=database)
    print_table(
        ("variable", "value", "source"),
        ((variable_name(row.name), _format_value(settings, row.name), sources[row.name]) for row in iterate_settings()),
    )
    failures = 0
    for name, check in _list_checks(settings):
        try:
            print_line(f"ok: {name}: {check(settings)}")
        except CommandError as error:
            failures += 1
            print_line(f"failed: {name}: {error}")
    if failures:
        checks = "1 check" if failures == 1 else f"{failures} checks"
        raise CommandError(f"{checks} failed; each says above what to do")


def _format_value(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if value is None:
        return ""
    return _hide_password(value) if name in ("database", "read_database") else str(value)


def _hide_password(url: str) -> str:
    from muster.storage import InvalidDatabaseUrlError, hide_password

    try:
        return hide_password(url)
    except InvalidDatabaseUrlError:
        return "(invalid)"


def _list_checks(settings: Settings) -> Iterator[tuple[str, Check]]:
    """The checks of what is configured."""
    yield "database", _check_database
    yield "log", _check_log
    if settings.tls_cert is not None or settings.tls_key is not None:
        yield "certificate", _check_certificate
    if settings.oidc_issuer is not None or settings.oidc_audience is not None:
        yield "OpenID provider", _check_provider
    if settings.metrics_token_file is not None:
        yield "metrics token", _check_metrics_token


def _check_database(settings: Settings) -> str:
    from muster import bootstrap

    with storage_errors(settings):
        store = bootstrap.open_database(settings)
        try:
            if not store.exists():
                return _check_missing_file(Path(str(store.engine.url.database)))
            obstacle = store.find_obstacle()
            if obstacle is None:
                return "it responds, can be written to, and has a usable schema"
            # Raises what is known better, with its remedy.
            state = store.schema_state()
        finally:
            store.close()
    if state in _UPGRADED_BY_SERVE and settings.database.startswith("sqlite"):
        return "it responds; `muster serve` creates or upgrades its schema"
    remedy = "run `muster db upgrade`" if state in _UPGRADED_BY_SERVE else "mend that on the database's side"
    raise CommandError(f"{obstacle}; {remedy}")


# `SchemaState` by value: importing the storage takes half a second, which `muster --help` need not wait for.
_UPGRADED_BY_SERVE: Final = ("empty", "outdated")


def _check_missing_file(file: Path) -> str:
    if not file.absolute().parent.is_dir():
        raise CommandError(f"there is no directory {file.absolute().parent}; create it, or name another file")
    return f"there is no file {file} yet; `muster serve` creates it"


def _check_log(settings: Settings) -> str:
    from muster.observability.log_configuration import check_log_format

    with settings_errors():
        check_log_format(settings.log_format)
    return "its format is known"


def _check_certificate(settings: Settings) -> str:
    from muster.cli.serve import startup_errors

    if settings.tls_cert is None or settings.tls_key is None:
        raise CommandError("HTTPS needs both MUSTER_TLS_CERT and MUSTER_TLS_KEY; set the other one too")
    with startup_errors():
        from muster.server.tls import load_context

        load_context(settings.tls_cert, settings.tls_key)
    return "certificate and key belong together and can be read"


def _check_provider(settings: Settings) -> str:
    from muster import bootstrap

    with settings_errors():
        bootstrap.check_oidc_settings(settings)
        keys = bootstrap.check_provider(settings)
    signs_in = "" if settings.oidc_client_id is None else ", and users can sign in there"
    return f"it serves {keys} usable keys{signs_in}"


def _check_metrics_token(settings: Settings) -> str:
    from muster import bootstrap

    with settings_errors():
        bootstrap.read_metrics_token(settings)
    return "the file holds a token"
