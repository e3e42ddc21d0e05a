"""Why a connection to PostgreSQL failed, from libpq's message, in words of our own.

libpq's message quotes host, port, user and database. None of it is shown: in a URL whose password is not
percent-encoded, each of them may be a part of the password.
"""

import re
from typing import Final, NamedTuple


class ConnectionFailure(NamedTuple):
    """A cause: its name for the log, a sentence for people, and what to do about it."""

    name: str
    message: str
    remedy: str


_UNAVAILABLE: Final = "no connection to the database"
_CHECK_URL: Final = "check host and port in --database (MUSTER_DATABASE)"
_CHECK_SERVER: Final = f"check that the server runs, and {_CHECK_URL}"
_ENCODING: Final = (
    "check user and password in --database (MUSTER_DATABASE); a password with special characters must be "
    "percent-encoded there (% is %25, @ is %40, : is %3A, / is %2F, ? is %3F, # is %23, a space is %20)"
)

# The first pattern that matches decides. libpq's messages are English, because the process sets no locale for them. The
# server's are in its own language (`lc_messages`).
_FAILURES: Final = tuple(
    (re.compile(pattern), ConnectionFailure(name, f"{_UNAVAILABLE}: {reason}", remedy))
    for pattern, name, reason, remedy in (
        (
            r"(password|SASL) authentication failed|no password supplied|empty password returned|"
            r"role \".*\" does not exist",
            "login_failed",
            "its server refuses this user and password",
            _ENCODING,
        ),
        (
            r"database \".*\" does not exist",
            "database_missing",
            "it does not exist on this server",
            "create it as the server's administrator: CREATE DATABASE <database> OWNER <user>",
        ),
        (
            r"permission denied for database",
            "database_denied",
            "its server does not let this user into it",
            "make it the owner: ALTER DATABASE <database> OWNER TO <user>",
        ),
        (
            r"no pg_hba.conf entry|authentication failed for user",
            "host_denied",
            "its server does not let this user in from this machine",
            "add a line for user, database and address to its pg_hba.conf, or connect with ?sslmode=require",
        ),
        (
            r"could not translate host name|Name or service not known|failed to resolve host",
            "host_unknown",
            "its host is not known here",
            f"{_CHECK_URL}; special characters of the password must be percent-encoded (@ is %40)",
        ),
        (
            r"query_wait_timeout",
            "pooler_exhausted",
            "all connections of the pooler to its server are in use",
            "raise PgBouncer's default_pool_size, or lower MUSTER_WORKERS or MUSTER_THREADS",
        ),
        (r"Connection refused|No such file or directory", "refused", "nothing listens at its address", _CHECK_SERVER),
        (
            r"timeout expired|timed out|No route to host|Network is unreachable",
            "unreachable",
            "its server does not answer",
            f"{_CHECK_URL}, and that no firewall is between",
        ),
        (
            r"too many (clients|connections)|remaining connection slots|no more connections allowed",
            "too_many_connections",
            "its server has no connection left",
            "raise its max_connections (of PgBouncer: max_client_conn), or lower MUSTER_WORKERS or MUSTER_THREADS",
        ),
        (
            r"the database system is|not yet accepting connections|server login (has been )?fail|pooler is shut",
            "starting",
            "its server is starting, stopping or recovering",
            "try again in a moment",
        ),
        (
            r"certificate|SSL|GSSAPI",
            "tls_failed",
            "the connection can't be encrypted as the URL asks for",
            "check sslmode, sslrootcert and the server's certificate",
        ),
    )
)
_UNKNOWN: Final = ConnectionFailure(
    "connection_lost",
    _UNAVAILABLE,
    f"{_CHECK_SERVER}; its log says why it refused or ended it",
)


def find_connection_failure(message: str) -> ConnectionFailure:
    """The cause that libpq's message tells of."""
    return next((failure for pattern, failure in _FAILURES if pattern.search(message)), _UNKNOWN)
