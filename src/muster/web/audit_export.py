"""The entries of the audit log as a file, for the API and for the console: of any size, in constant memory."""

from collections.abc import AsyncGenerator, Iterator, Sequence

from muster.audit.events import AuditEntry, EntryFilter
from muster.audit.export import CSV_COLUMNS, format_csv_lines, format_json_line, to_csv_row
from muster.auth.audit_reading import AuditLogService
from muster.web.access import Access
from muster.web.audit_parameters import MEDIA_TYPES
from muster.web.download import ResponseStream

AuditAccess = Access[AuditLogService]


async def send_entries(
    access: AuditAccess, response: ResponseStream, criteria: EntryFilter, chosen: str, *, after: int = 0
) -> None:
    """Sends the matching entries with a number above `after` as `csv` or `ndjson`, oldest first."""
    groups = await access.run(lambda audit, user: audit.export(user, criteria, after))
    headers = [
        ("Content-Type", f"{MEDIA_TYPES[chosen]}; charset=utf-8" if chosen == "csv" else MEDIA_TYPES[chosen]),
        ("Content-Disposition", f'attachment; filename="audit.{chosen}"'),
        ("Vary", "Accept"),
    ]
    await response.send(headers, _iterate_text(access, _format(groups, is_csv=chosen == "csv")))


def _format(groups: Iterator[Sequence[AuditEntry]], *, is_csv: bool) -> Iterator[str]:
    if is_csv:
        yield format_csv_lines([CSV_COLUMNS])
    for group in groups:
        yield format_csv_lines(map(to_csv_row, group)) if is_csv else "".join(map(format_json_line, group))


async def _iterate_text(access: AuditAccess, texts: Iterator[str]) -> AsyncGenerator[bytes, None]:
    while (text := await access.run(lambda audit, user: next(texts, None))) is not None:
        yield text.encode(errors="backslashreplace")
