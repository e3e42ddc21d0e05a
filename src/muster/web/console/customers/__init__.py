"""Pages of a customer: its document, its versions, and who read it."""
