"""`muster classifier`: the code lists."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from muster.audit.ports import Action, Event
from muster.classifiers.importing import BadFile, read_entries
from muster.classifiers.source import ISO, NAMES, Snapshot
from muster.cli import examples
from muster.cli.options import Database
from muster.cli.output import note, show_table
from muster.cli.parts import opened, operator
from muster.cli.problems import Misuse, Problem

app = typer.Typer(help="Code lists: the ISO ones, and the installation's own.")

Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="a classifier's name", show_default=False)]
File = Annotated[
    Path, typer.Argument(metavar="FILE.csv", help="in UTF-8, with the header classifier,code,title", show_default=False)
]
Replace = Annotated[
    bool, typer.Option("--replace", help="remove what the file does not hold from each classifier that it names")
]


@app.command("list", epilog=examples.of("classifier list"))
def list_classifiers(
    name: Name = None,
    database: Database = None,
) -> None:
    """Lists the classifiers and how many codes each has; with a name, the codes of that one and their titles."""
    if name is not None and name not in NAMES:
        raise Misuse(f"there is no classifier {name!r}; `muster classifier list` shows the names")
    with opened(database) as store:
        titles = Snapshot.of(*store.classifiers.entries()).titles
    if name is not None:
        show_table(("Code", "Title"), titles[name].items())
        return
    rows = [(each, str(len(titles[each])), "ISO" if each in ISO else "own") for each in NAMES]
    show_table(("Classifier", "Codes", "Source"), rows)


@app.command("import", epilog=examples.of("classifier import"))
def import_classifiers(
    file: File,
    replace: Replace = False,
    database: Database = None,
) -> None:
    """Adds the codes of a file, or gives codes new titles; running services know them within seconds."""
    try:
        entries = read_entries(file)
    except BadFile as problem:
        raise Problem(str(problem)) from None
    counts = Counter(entry.classifier for entry in entries)
    event = Event(operator(), Action.CLASSIFIERS_IMPORTED, ",".join(sorted(counts)), {**counts, "replace": replace})
    with opened(database, makes=True) as store:
        store.classifiers.write(entries, replace=replace, event=event)
    note("imported " + ", ".join(f"{count} of {name}" for name, count in sorted(counts.items())))
