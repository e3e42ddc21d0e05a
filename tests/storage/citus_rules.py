"""What Citus refuses, of the statements that muster sends, for the layout of `citus_layout.py`.

After https://docs.citusdata.com/en/stable/develop/reference_workarounds.html and what Citus 13.2 was seen to refuse. A
statement that only one node can answer is refused here too if it would copy a whole table, or lock one node of several.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from sqlglot import exp, parse_one

from muster.storage.postgres.citus_layout import LAYOUT, Spread

# Placeholders of psycopg: %s, %b, %(name)s.
_PLACEHOLDER: Final = re.compile(r"%\(\w+\)s|%[sbt]")
_CHECKED: Final = re.compile(r"\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_NAMES: Final = re.compile(rf"\b(?:{'|'.join(layout.table for layout in LAYOUT)})\b|advisory", re.IGNORECASE)

_TABLES: Final = {layout.table: layout for layout in LAYOUT}
_COLUMNS: Final = {layout.table: layout.column for layout in LAYOUT if layout.column}
# Functions whose result depends on when or where they run.
_VOLATILE: Final = frozenset(
    [
        "now",
        "clock_timestamp",
        "statement_timestamp",
        "transaction_timestamp",
        "current_timestamp",
        "current_date",
        "random",
        "rand",
        "gen_random_uuid",
        "nextval",
        "timeofday",
    ]
)


def find_refusals(statement: str) -> list[str]:
    """Why Citus would refuse a statement; none for a statement of no table of muster's."""
    if not _CHECKED.match(statement) or not _NAMES.search(statement):
        return []
    tree = parse_one(_PLACEHOLDER.sub("NULL", statement).replace("%%", "%"), dialect="postgres")
    return sorted({refusal for rule in _RULES for refusal in rule(tree)})


def _refuse_locks(tree: exp.Expr) -> Iterator[str]:
    for select in tree.find_all(exp.Select):
        if select.args.get("locks"):
            for table in _list_distributed(_list_sources(select)):
                if not _is_fixed(select, table):
                    yield f"FOR UPDATE over several shards of {table.name}"


def _refuse_joins(tree: exp.Expr) -> Iterator[str]:
    for query in tree.find_all(exp.Select, exp.Update, exp.Delete):
        yield from _refuse_pairs(query, _list_sources(query), _list_conditions(query))


def _refuse_correlation(tree: exp.Expr) -> Iterator[str]:
    """A subquery that looks at the rows of the query around it is a join of the two."""
    for query in tree.find_all(exp.Select, exp.Update, exp.Delete):
        for inner in query.find_all(exp.Select):
            if inner is not query and inner.find_ancestor(exp.Select, exp.Update, exp.Delete) is query:
                outer, own = _list_sources(query), _list_sources(inner)
                names = {table.alias_or_name for table in own}
                foreign = {
                    column.table for column in inner.find_all(exp.Column) if column.table and column.table not in names
                }
                around = [table for table in outer if table.alias_or_name in foreign]
                if around:
                    yield from _refuse_pairs(inner, [*own, *around], _list_conditions(inner))


def _refuse_pairs(query: exp.Expr, tables: list[exp.Table], conditions: list[exp.Expr]) -> Iterator[str]:
    distributed = _list_distributed(tables)
    local = [table for table in tables if _get_spread(table) is Spread.LOCAL]
    for table in distributed:
        for other in local:
            yield f"join of {table.name} with {other.name}, which is on the coordinator"
    for first, second in pairwise(distributed):
        if _get_group(first) != _get_group(second):
            yield f"join of {first.name} with {second.name}, which is on other nodes"
        elif not _joins_keys(distributed, second, conditions):
            yield f"join of {first.name} with {second.name} by other columns than those they are distributed by"


def _refuse_inserts(tree: exp.Expr) -> Iterator[str]:
    for insert in tree.find_all(exp.Insert):
        target = insert.find(exp.Table)
        column = _COLUMNS.get(target.name) if target else None
        if target is None or column is None:
            continue
        names = {name.name for name in insert.this.expressions} if isinstance(insert.this, exp.Schema) else {column}
        if column not in names:
            yield f"INSERT into {target.name} without {column}"
        conflict = insert.args.get("conflict")
        keys = conflict.args.get("conflict_keys") if conflict is not None else None
        if keys and column not in _list_names(keys):
            yield f"ON CONFLICT of {target.name} without {column}"
        if conflict is not None and _list_volatile(conflict):
            yield f"ON CONFLICT of {target.name} with a function that is not immutable"


def _refuse_updates(tree: exp.Expr) -> Iterator[str]:
    for update in tree.find_all(exp.Update):
        table = update.this.name if isinstance(update.this, exp.Table) else ""
        for assignment in update.expressions:
            if table in _COLUMNS and assignment.this.name == _COLUMNS[table]:
                yield f"UPDATE of {table}.{_COLUMNS[table]}, which the table is distributed by"
            if table in _COLUMNS and _list_volatile(assignment):
                yield f"UPDATE of {table} with a function that is not immutable"


def _refuse_advisory_locks(tree: exp.Expr) -> Iterator[str]:
    for function in tree.find_all(exp.Anonymous):
        if "advisory" in function.name.lower():
            yield f"{function.name} locks on one node only"


_RULES: Final = (
    _refuse_locks,
    _refuse_joins,
    _refuse_correlation,
    _refuse_inserts,
    _refuse_updates,
    _refuse_advisory_locks,
)


def _list_sources(query: exp.Expr) -> list[exp.Table]:
    """The tables that a query names in FROM, JOIN and USING, those of subqueries in FROM too."""
    parts: list[object] = [query.this] if isinstance(query, exp.Update | exp.Delete) else []
    for name in ("from_", "from", "joins", "using"):
        part = query.args.get(name)
        parts += part if isinstance(part, list) else [part]
    found = [table for part in parts if isinstance(part, exp.Expr) for table in _find_tables(part)]
    return list({id(table): table for table in found}.values())


def _find_tables(part: exp.Expr) -> Iterator[exp.Table]:
    """Tables in a part of FROM, without those of conditions and of subqueries, which are planned on their own."""
    for node in part.walk(prune=lambda node: isinstance(node, exp.Subquery | exp.Select)):
        if isinstance(node, exp.Table) and node.name in _TABLES:
            yield node


def _list_conditions(query: exp.Expr) -> list[exp.Expr]:
    """What WHERE and ON demand all together."""
    demanded = [query.args["where"].this] if query.args.get("where") else []
    for join in query.args.get("joins") or []:
        demanded += [join.args["on"]] if join.args.get("on") else []
    return [part for condition in demanded for part in _flatten(condition)]


def _flatten(condition: exp.Expr) -> Iterator[exp.Expr]:
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        yield from _flatten(condition.left)
        yield from _flatten(condition.right)
    else:
        yield condition


def _list_distributed(tables: Iterable[exp.Table]) -> list[exp.Table]:
    return [table for table in tables if table.name in _COLUMNS]


def _get_spread(table: exp.Table) -> Spread:
    return _TABLES[table.name].spread


def _get_group(table: exp.Table) -> str:
    return _TABLES[table.name].beside or table.name


def _is_key(node: exp.Expr | None, table: exp.Table, *, is_only: bool = False) -> bool:
    if not isinstance(node, exp.Column) or node.name != _COLUMNS[table.name]:
        return False
    return node.table == table.alias_or_name or (is_only and not node.table)


def _is_fixed(query: exp.Expr, table: exp.Table) -> bool:
    """Whether the distribution column equals a value, so that one shard has all rows."""
    for condition in _list_conditions(query):
        if isinstance(condition, exp.EQ):
            for key, value in ((condition.left, condition.right), (condition.right, condition.left)):
                if _is_key(key, table, is_only=True) and not value.find(exp.Column):
                    return True
    return False


def _joins_keys(tables: list[exp.Table], joined: exp.Table, conditions: list[exp.Expr]) -> bool:
    for condition in conditions:
        if isinstance(condition, exp.EQ):
            for key, other in ((condition.left, condition.right), (condition.right, condition.left)):
                if _is_key(key, joined) and any(_is_key(other, table) for table in tables if table is not joined):
                    return True
    return False


def _list_names(nodes: Iterable[exp.Expr]) -> set[str]:
    return {name.name for node in nodes for name in (node.find_all(exp.Identifier))}


def _list_volatile(node: exp.Expr) -> list[str]:
    names = [function.sql_name().lower() for function in node.find_all(exp.Func)]
    names += [function.name.lower() for function in node.find_all(exp.Anonymous)]
    return [name for name in names if name in _VOLATILE]
