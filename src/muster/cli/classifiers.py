"""`muster classifier`: lists and imports classifiers, the code lists that fields refer to."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from muster.audit.events import Action, AuditEvent
from muster.classifiers.csv_import import ClassifierFileError, read_classifier_file
from muster.classifiers.snapshot import CLASSIFIER_NAMES, ISO_CLASSIFIERS, ClassifierSnapshot
from muster.cli import examples
from muster.cli.context import get_operator, open_command_storage
from muster.cli.errors import CommandError, UsageError
from muster.cli.options import Database
from muster.cli.output import print_note, print_table

app = typer.Typer(help="Code lists: those of ISO, and the installation's own.")

Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="a classifier's name", show_default=False)]
File = Annotated[
    Path,
    typer.Argument(metavar="FILE.csv", help="a UTF-8 file with the header classifier,code,title", show_default=False),
]
Replace = Annotated[
    bool, typer.Option("--replace", help="remove all codes that the file does not contain from each classifier in it")
]


@app.command("list", epilog=examples.format_examples("classifier list"))
def list_classifiers(
    name: Name = None,
    database: Database = None,
) -> None:
    """Lists the classifiers with their numbers of codes; with a name, the codes and titles of this classifier."""
    if name is not None and name not in CLASSIFIER_NAMES:
        raise UsageError(f"classifier {name!r} does not exist; `muster classifier list` lists their names")
    with open_command_storage(database) as store:
        titles = ClassifierSnapshot.from_entries(*store.classifiers.entries()).titles
    if name is not None:
        print_table(("Code", "Title"), titles[name].items())
        return
    rows = [(each, str(len(titles[each])), "ISO" if each in ISO_CLASSIFIERS else "own") for each in CLASSIFIER_NAMES]
    print_table(("Classifier", "Codes", "Source"), rows)


@app.command("import", epilog=examples.format_examples("classifier import"))
def import_classifiers(
    file: File,
    replace: Replace = False,
    database: Database = None,
) -> None:
    """Adds codes from a file and changes titles; running services use them within seconds."""
    try:
        entries = read_classifier_file(file)
    except ClassifierFileError as error:
        raise CommandError(str(error)) from None
    counts = Counter(entry.classifier for entry in entries)
    event = AuditEvent(
        get_operator(), Action.CLASSIFIERS_IMPORTED, ",".join(sorted(counts)), {**counts, "replace": replace}
    )
    with open_command_storage(database, create=True) as store:
        store.classifiers.write(entries, replace=replace, event=event)
    print_note("imported " + ", ".join(f"{count} of {name}" for name, count in sorted(counts.items())))
