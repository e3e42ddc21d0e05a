"""TLS reload: SIGHUP reads certificate and key again, and the workers that it starts use them."""

from muster.observability.logs import log_event, log_warning
from muster.server.errors import StartupError
from muster.server.tls import load_context


class Certificate:
    """The certificate of the service. The main process reads it; workers inherit the context by fork."""

    def __init__(self, cert: str, key: str) -> None:
        """Raises `StartupError`."""
        self.files = cert, key
        self.context = load_context(cert, key)

    def reload(self) -> bool:
        """Reads the files again. Files that can't be used change nothing, and the log says why."""
        try:
            self.context = load_context(*self.files)
        except StartupError as error:
            log_warning("tls_reload_failed", "the old certificate stays in use", reason=str(error))
            return False
        log_event("tls_reloaded", "new connections get the certificate as it is now")
        return True
