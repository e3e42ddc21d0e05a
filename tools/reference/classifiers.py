"""The page of all classifiers, with the codes of a new installation."""

from muster.classifiers.defaults import default_entries
from muster.classifiers.snapshot import INSTALLATION_CLASSIFIERS, ISO_CLASSIFIERS
from tools.reference.markdown import code, document, table

_INTRODUCTION = """\
The code lists that fields refer to. `GET /classifier/{name}` gives the codes of the moment. `country` and `currency`
come from ISO; the others are the installation's own and can be changed while the service runs
(`muster classifier import FILE.csv`); a running service knows a change within seconds. The file is UTF-8 with the
header `classifier,code,title`:

```csv
classifier,code,title
legalForm,GUILD,Guild
businessUnit,LV,Latvian branch
```

`businessUnit` is a classifier too. While it has one code, the installation is a single organization and the unit
applies to everybody, whatever units a user was given. With more of them, a user has the units that it was given
(`muster user change NAME --business-unit CODE`), and the first of them is its default; a user without any is answered
`C006`. So give users their units before you add a second one.

These are the codes of a new installation."""

_ISO = {"country": "ISO 3166-1 alpha-2, all countries.", "currency": "ISO_CLASSIFIERS 4217, all currencies."}


def page() -> str:
    return document(
        "Classifiers",
        _INTRODUCTION,
        *(f"## {name}\n\n{_codes(name)}" for name in (*ISO_CLASSIFIERS, *INSTALLATION_CLASSIFIERS)),
    )


def _codes(name: str) -> str:
    if name in ISO_CLASSIFIERS:
        return _ISO[name]
    entries = [entry for entry in default_entries() if entry.classifier == name]
    if not entries:
        return "No codes yet."
    return table(("code", "title"), ((code(entry.code), entry.title) for entry in entries))
