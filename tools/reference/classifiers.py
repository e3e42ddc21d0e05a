"""The reference page of classifiers, with the codes of a new installation."""

from muster.classifiers.defaults import default_entries
from muster.classifiers.iso import ISO_CLASSIFIERS
from muster.classifiers.snapshot import INSTALLATION_CLASSIFIERS
from tools.reference.markdown import code, document, table

_INTRODUCTION = """\
Classifiers are the code lists that fields refer to. `GET /classifier/{name}` returns the current codes. `country` and
`currency` come from ISO. The other classifiers are the installation's own: `muster classifier import FILE.csv` changes
them while the service runs, and a change takes effect within seconds. The file is UTF-8 with the header
`classifier,code,title`:

```csv
classifier,code,title
legalForm,GUILD,Guild
businessUnit,LV,Latvian branch
country,XK,Kosovo
```

`muster classifier add NAME CODE TITLE` adds a single code, and `muster classifier remove NAME CODE` removes it.

An installation can add codes of the same form to `country` and `currency`, such as `XK` and countries that ended, and
remove them again. ISO's own codes cannot be changed. A code that ISO has dropped is still accepted, with the warning
`W010`, if an earlier version knew it, so no UPDATE of an old customer fails by an upgrade. `GET /classifier/{name}`
does not list such codes.

`businessUnit` is a classifier too. While it has one code, the installation is a single organization and the unit
applies to all users. With more codes, a user has the units that are assigned to it
(`muster user change NAME --business-unit CODE`), and the first of them is its default. Customers sent by a user without
a unit are rejected with `C006`, so assign units to users before you add a second unit. A user whose units exist no
longer sends and reads nothing, until it gets new ones. A change that opens units to more users, such as going back to
one unit, or takes units from users, names them and needs `--yes`.

These are the codes of a new installation."""

_ISO_STANDARDS = {"country": "ISO 3166-1 alpha-2, all countries.", "currency": "ISO 4217, all currencies."}


def page() -> str:
    return document(
        "Classifiers",
        _INTRODUCTION,
        *(f"## {name}\n\n{_format_codes(name)}" for name in (*ISO_CLASSIFIERS, *INSTALLATION_CLASSIFIERS)),
    )


def _format_codes(name: str) -> str:
    if name in ISO_CLASSIFIERS:
        return _ISO_STANDARDS[name]
    entries = [entry for entry in default_entries() if entry.classifier == name]
    if not entries:
        return "No codes yet."
    return table(("code", "title"), ((code(entry.code), entry.title) for entry in entries))
