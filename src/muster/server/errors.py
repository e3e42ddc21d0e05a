"""What keeps the service from starting."""


class StartupError(Exception):
    """The service can't start. The message is one line that says what to do."""
