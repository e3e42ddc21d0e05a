"""Bearer tokens of an OpenID provider. Needs the extra `oidc`; nothing else imports this package but `bootstrap`."""
