"""Adds the codes CORPORATION of `legalForm` and LEAD_AMLYZE of `riskManagementCategory`, which the contract uses.

A list gets its code only if it still has exactly the codes of a new installation. The codes of any other list are a
decision of the installation, which `muster classifier import` changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# (classifier, the codes that revision 0001 inserted, the new code, its title)
_ADDITIONS = (
    (
        "riskManagementCategory",
        {"IND", "ORG", "IND_AMLYZE", "ORG_AMLYZE", "LEAD_IND", "LEAD_ORG", "OCCASIONAL_CUSTOMER"},
        "LEAD_AMLYZE",
        "Lead (example)",
    ),
    ("legalForm", {"LTD", "COOPERATIVE"}, "CORPORATION", "Corporation"),
)

_entries = sa.table("classifier_entries", sa.column("classifier"), sa.column("code"), sa.column("title"))
_revisions = sa.table("revisions", sa.column("name"), sa.column("revision"))


def upgrade() -> None:
    connection = op.get_bind()
    # The first statement, because writers of code lists lock this row first; so no list changes meanwhile. Running
    # services read the lists again when the number has changed.
    op.execute(
        sa.update(_revisions).where(_revisions.c.name == "classifiers").values(revision=_revisions.c.revision + 1)
    )
    for classifier, shipped, code, title in _ADDITIONS:
        codes = connection.execute(sa.select(_entries.c.code).where(_entries.c.classifier == classifier)).scalars()
        if set(codes) == shipped:
            op.bulk_insert(_entries, [{"classifier": classifier, "code": code, "title": title}])
