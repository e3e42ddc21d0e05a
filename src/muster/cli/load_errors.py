"""Errors of files, mappings and loads, as errors of a command."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from muster.cli.errors import CommandError, UsageError
from muster.cli.output import print_note
from muster.intake.checkpoint import LeaseLostError
from muster.intake.customer_store import ConflictError, LostCommitError
from muster.loads.formats.text_encoding import UnknownEncodingError
from muster.loads.mapping import InvalidMappingError
from muster.loads.rows import InvalidFileError
from muster.storage import StorageError


@contextmanager
def load_errors() -> Iterator[None]:
    """Turns errors of files, mappings and loads into errors of one line. Those of the storage get a note."""
    try:
        yield
    except InvalidMappingError as error:
        raise UsageError(f"the columns do not fit: {error}") from None
    except InvalidFileError as error:
        show_samples(error)
        raise CommandError(f"{error}; nothing was loaded now") from None
    except LeaseLostError:
        raise CommandError(
            "the load was cancelled, or another process has taken it over; run the same command again to go on"
        ) from None
    except LostCommitError:
        raise CommandError(
            "the connection broke while rows were saved, and it is not known whether they are; run the same command "
            "again: it finds out, and saves nothing twice"
        ) from None
    except ConflictError:
        raise CommandError("the database refused the rows several times; run the same command again") from None
    except StorageError:
        print_note("what is saved stays; run the same command again to go on")
        raise
    except OSError as error:
        raise CommandError(f"the file can't be read: {error.strerror}; run the same command again to go on") from None


def show_samples(error: InvalidFileError) -> None:
    """Shows how lines of a file read under the likely encodings. They have values: only a terminal gets them."""
    if not isinstance(error, UnknownEncodingError) or not error.samples:
        return
    if not sys.stderr.isatty():
        print_note(f"likely encodings: {', '.join(sample.encoding for sample in error.samples)}")
        return
    print_note("choose the encoding under which these lines read right:")
    for sample in error.samples:
        print_note(f"  --encoding {sample.encoding}")
        for line in sample.lines:
            print_note(f"      {line}")
