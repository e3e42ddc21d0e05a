"""The OpenID provider, over HTTP: where its keys are, and the keys. Needs the extra `oidc`."""

from muster.provider.cache import CachedKeys
from muster.provider.discovery import KeySource
from muster.provider.http import Http, is_secure

__all__ = ["CachedKeys", "Http", "KeySource", "is_secure"]
