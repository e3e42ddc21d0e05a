"""Text that every database can store."""


def sanitize_text(text: str | None) -> str | None:
    """An identifier of a refused item without what no database takes: NUL and halves of surrogate pairs."""
    if text is None:
        return None
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
