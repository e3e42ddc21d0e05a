"""`muster classifier`: lists and changes classifiers, the code lists that fields refer to."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from muster.auth.code_list_administration import CodeListAdministration, LastUnitError, NotOwnCodeError
from muster.classifiers.csv_import import ClassifierFileError, InvalidEntryError, make_entry, read_classifier_file
from muster.classifiers.entries import ClassifierEntry
from muster.classifiers.iso import ISO_CLASSIFIERS, is_iso_code
from muster.classifiers.snapshot import CLASSIFIER_NAMES, ClassifierSnapshot
from muster.cli import examples
from muster.cli.context import get_operator, open_command_storage
from muster.cli.errors import CommandError, UsageError
from muster.cli.options import Database
from muster.cli.output import print_note, print_table
from muster.cli.unit_changes import Confirmed, confirm_unit_changes

if TYPE_CHECKING:
    from muster.storage import Storage

app = typer.Typer(help="Code lists: those of ISO, and the installation's own.")


def _check_name(name: str | None) -> str | None:
    if name is not None and name not in CLASSIFIER_NAMES:
        raise UsageError(f"classifier {name!r} does not exist; `muster classifier list` lists their names")
    return name


OptionalName = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", help="a classifier's name", show_default=False, callback=_check_name),
]
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="a classifier's name", show_default=False, callback=_check_name)
]
Code = Annotated[str, typer.Argument(metavar="CODE", help="the code", show_default=False)]
Codes = Annotated[list[str], typer.Argument(metavar="CODE…", help="the codes", show_default=False)]
Title = Annotated[str, typer.Argument(metavar="TITLE", help="what the code means", show_default=False)]
File = Annotated[
    Path,
    typer.Argument(metavar="FILE.csv", help="a UTF-8 file with the header classifier,code,title", show_default=False),
]
Replace = Annotated[
    bool,
    typer.Option(
        "--replace",
        help="remove all codes that the file does not contain from each classifier in it; codes of ISO stay",
    ),
]


@app.command("list", epilog=examples.format_examples("classifier list"))
def list_classifiers(
    name: OptionalName = None,
    database: Database = None,
) -> None:
    """Lists the classifiers with their numbers of codes; with a name, the codes and titles of this classifier."""
    with open_command_storage(database) as store:
        revision, entries = store.classifiers.entries()
    titles = ClassifierSnapshot.from_entries(revision, entries).titles
    if name is not None:
        print_table(("Code", "Title"), titles[name].items())
        return
    own = {entry.classifier for entry in entries}
    rows = [(each, str(len(titles[each])), _describe_source(each, has_own=each in own)) for each in CLASSIFIER_NAMES]
    print_table(("Classifier", "Codes", "Source"), rows)


@app.command("add", epilog=examples.format_examples("classifier add"))
def add_code(
    name: Name,
    code: Code,
    title: Title,
    confirmed: Confirmed = False,
    database: Database = None,
) -> None:
    """Adds a code, or changes the title of one; running services use it within seconds."""
    try:
        entry = make_entry(name, code.strip(), title.strip())
    except InvalidEntryError as error:
        raise CommandError(str(error)) from None
    with open_command_storage(database, create=True) as store:
        _write(store, [entry], replace=False, confirmed=confirmed)
    print_note(f"added {entry.code} to {name}")


@app.command("remove", epilog=examples.format_examples("classifier remove"))
def remove_codes(
    name: Name,
    codes: Codes,
    confirmed: Confirmed = False,
    database: Database = None,
) -> None:
    """Removes codes; running services reject them within seconds, also in updates of customers that have them."""
    with open_command_storage(database) as store:
        administration = _administer(store)
        try:
            change = administration.preview_removal(name, codes)
        except NotOwnCodeError as error:
            raise _cannot_remove(name, error.code) from None
        except LastUnitError:
            raise CommandError(
                "an installation needs a business unit; add another one before you remove the last"
            ) from None
        confirm_unit_changes(administration, change, confirmed=confirmed)
        administration.remove(name, codes, confirmed=True)
    print_note(f"removed {', '.join(codes)} from {name}")


@app.command("import", epilog=examples.format_examples("classifier import"))
def import_classifiers(
    file: File,
    replace: Replace = False,
    confirmed: Confirmed = False,
    database: Database = None,
) -> None:
    """Adds codes from a file and changes titles; running services use them within seconds."""
    try:
        entries = read_classifier_file(file)
    except ClassifierFileError as error:
        raise CommandError(str(error)) from None
    with open_command_storage(database, create=True) as store:
        counts = _write(store, entries, replace=replace, confirmed=confirmed)
    print_note("imported " + ", ".join(f"{count} of {name}" for name, count in sorted(counts.items())))


def _write(store: "Storage", entries: Sequence[ClassifierEntry], *, replace: bool, confirmed: bool) -> Counter[str]:
    """Writes the entries with their audit event. Gives the number of each classifier."""
    administration = _administer(store)
    change = administration.preview_import(entries, replace=replace)
    confirm_unit_changes(administration, change, confirmed=confirmed)
    return administration.write(entries, replace=replace, confirmed=True)


def _administer(store: "Storage") -> CodeListAdministration:
    return CodeListAdministration(store.classifiers, store.users, get_operator())


def _describe_source(name: str, *, has_own: bool) -> str:
    if name not in ISO_CLASSIFIERS:
        return "own"
    return "ISO, own" if has_own else "ISO"


def _cannot_remove(name: str, code: str) -> CommandError:
    if name in ISO_CLASSIFIERS and is_iso_code(name, code):
        return CommandError(
            f"{name} has the code {code!r} from ISO; only codes that the installation added can be removed"
        )
    return CommandError(
        f"{name} has no code {code!r} of the installation; `muster classifier list {name}` lists its codes"
    )
