"""Bearer tokens of an OpenID provider. Needs the extra `oidc`; only `bootstrap` imports it."""
