"""The reference page of classifiers, with the codes of a new installation."""

from muster.classifiers.defaults import default_entries
from muster.classifiers.snapshot import INSTALLATION_CLASSIFIERS, ISO_CLASSIFIERS
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
```

`businessUnit` is a classifier too. While it has one code, the installation is a single organization and the unit
applies to all users. With more codes, a user has the units that are assigned to it
(`muster user change NAME --business-unit CODE`), and the first of them is its default. Customers sent by a user without
a unit are rejected with `C006`, so assign units to users before you add a second unit.

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
