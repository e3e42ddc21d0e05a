"""Languages of the console: which one a browser gets, and catalogues that translators make."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment

from muster.web.console import languages
from muster.web.console.languages import choose_language, load_translations

CONSOLE = Path(languages.__file__).parent
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
KEYWORDS = {"_": None, "text": None, "gettext": None, "ngettext": (1, 2)}
# Texts of templates that no language translates: the name, punctuation and signs.
_NO_WORDS = re.compile(r"(muster|UTC|CSV|NDJSON|XLSX|JSON|TOML|[^A-Za-z]|[A-Za-z]$)*")


def extract_messages() -> set[str]:
    options = {"**.html": {"trimmed": "true"}}
    found = extract_from_dir(CONSOLE, METHODS, options, keywords=KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


@pytest.fixture(scope="module")
def locale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a German catalogue of two texts."""
    locale = tmp_path_factory.mktemp("locale")
    directory = locale / "de" / "LC_MESSAGES"
    directory.mkdir(parents=True)
    lines = ['msgid ""', 'msgstr ""', '"Content-Type: text/plain; charset=utf-8\\n"', ""]
    lines += ['msgid "Sign out"', 'msgstr "Abmelden"', "", 'msgid "Überflüssig"', 'msgstr "Überflüssig"']
    (locale / "de.po").write_text("\n".join(lines), encoding="utf-8")
    with (locale / "de.po").open("rb") as po, (directory / "console.mo").open("wb") as mo:
        write_mo(mo, read_po(po, "de"))
    return locale


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr,de;q=0.4,en;q=0.8", "en"),
        ("fr, DE", "de"),
        ("de;q=0", "en"),
        ("", "en"),
        ("*", "en"),
        ("../../etc;q=1,de;q=1e9", "en"),
        ("x" * 10_000 + ",de", "de"),
    ],
)
def test_language_is_the_known_one_that_the_browser_prefers(locale: Path, header: str, language: str) -> None:
    assert choose_language(header, locale) == language


def test_a_catalogue_translates_and_leaves_what_it_lacks_in_english(locale: Path) -> None:
    translations = load_translations("de", locale)
    assert translations.gettext("Sign out") == "Abmelden"
    assert translations.gettext("Sign in") == "Sign in"
    assert load_translations("en", locale).gettext("Sign out") == "Sign out"


def test_tools_find_the_texts_of_templates_and_of_code() -> None:
    messages = extract_messages()
    assert {
        "Sign out",
        "Audit log",
        "Name or password is wrong, or the user has no password or is disabled.",
    } <= messages
    assert len(messages) > 100


@pytest.mark.parametrize("template", sorted(path.name for path in (CONSOLE / "templates").iterdir()))
def test_no_text_of_a_template_stands_outside_of_the_catalogue(template: str) -> None:
    source = (CONSOLE / "templates" / template).read_text(encoding="utf-8")
    source = re.sub(r"\{%-?\s*trans\b.*?endtrans\s*-?%\}", "", source, flags=re.DOTALL)
    tokens = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).lex(source)
    text = "".join(value for _, kind, value in tokens if kind == "data")
    visible = re.sub(r"<[^>]*>?|^[^<]*>|\baria-[a-z]+=\"[^\"]*\"", "\n", text)
    assert [line for line in map(str.strip, visible.splitlines()) if not _NO_WORDS.fullmatch(line)] == []
