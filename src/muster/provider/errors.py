"""What can go wrong with the provider."""


class FetchFailed(Exception):
    """The provider gave no keys. The message says why in a few words of ours, with nothing that it sent."""
