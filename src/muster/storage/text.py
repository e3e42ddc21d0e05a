"""Text that both databases can store."""


def sanitize_text(text: str | None) -> str | None:
    """Replaces NUL and lone surrogates, which no database stores. Rejected identifiers may contain them."""
    if text is None:
        return None
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
