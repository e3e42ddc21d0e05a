"""Reads of a customer, from the audit log, in words."""

from collections.abc import Mapping
from typing import Final

from muster.audit.events import Action
from muster.web.console.texts import TranslatableText, text

# What the user did, by the text of the action in the log.
READ_ACTIONS: Final[Mapping[str, TranslatableText]] = {
    Action.CUSTOMER_READ.text: text("Read the document"),
    Action.HISTORY_READ.text: text("Read which fields changed"),
    Action.HISTORY_VALUES_READ.text: text("Read the changes with their values"),
    Action.REJECTIONS_READ.text: text("Read refusals"),
    Action.READ_REFUSED.text: text("Asked for it, and was refused"),
}
