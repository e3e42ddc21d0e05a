"""What a user chooses for an upload: its mapping, and how it is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from muster.auth.users import User
from muster.loads.load_store import LoadOptions
from muster.loads.saved_mappings import UnsavableMappingError
from muster.web.console.files.load_file_view import FileView, list_columns_of, show_customers
from muster.web.console.files.mapping_form import read_choices
from muster.web.console.forms import Form
from muster.web.console.texts import text
from muster.web.services import Services

_FORM_FIELD: Final = "date-format"  # every form with columns has it


@dataclass(frozen=True, slots=True)
class LoadChoice:
    """The options that a person sees. `chosen` is the mapping of the form; None before one was sent.

    `save_as` is the name to save the mapping under, empty for none.
    """

    upsert: bool = False
    reject_unknown: bool = False
    all_or_nothing: bool = False
    save_as: str = ""
    chosen: Mapping[str, Any] | None = None

    @classmethod
    def from_options(cls, options: LoadOptions) -> "LoadChoice":
        return cls(options.upsert, options.reject_unknown, options.min_accepted_percent == 100)

    def mapping(self, view: FileView) -> Mapping[str, Any]:
        return view.mapping if self.chosen is None else self.chosen

    def to_options(self, options: LoadOptions) -> LoadOptions:
        """The options with what was chosen. An empty mapping says that the headers name the fields."""
        return replace(
            options,
            upsert=self.upsert,
            reject_unknown=self.reject_unknown,
            min_accepted_percent=100 if self.all_or_nothing else 0,
            mapping=self.chosen,
        )


def read_load_choice(services: Services, user: User, view: FileView, form: Form) -> tuple[FileView, LoadChoice]:
    """What was sent, and the view with it. Saves the mapping under a name. Adds to the errors of the form."""
    choice = LoadChoice(
        bool(form.get("upsert")),
        bool(form.get("reject-unknown")),
        bool(form.get("all-or-nothing")),
        form.get("save-as"),
    )
    header = view.sample.layout.header
    if header is None:
        return view, choice
    mapping = view.mapping
    # Not by the view: the page may have shown another mapping, or none that a form can show.
    if _FORM_FIELD in form.values and not view.is_too_wide:
        filled, mapping = read_choices(form, list_columns_of(view), view.form)
        view = replace(view, form=filled, is_guessed=False)
    choice = replace(choice, chosen=mapping)
    if not form.errors:
        _, problems = show_customers(services, view, mapping)
        if problems:
            form.errors["columns"] = text("%(problems)s", problems="; ".join(problems))
    if choice.save_as and not form.errors:
        try:
            services.loads.mappings.save(choice.save_as, header, mapping, user)
        except UnsavableMappingError as error:
            form.errors["save-as"] = text("%(problem)s", problem=str(error))
    return view, choice
