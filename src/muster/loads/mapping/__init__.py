"""Mapping: makes customers of the rows of a file, by the names of its columns or by a mapping."""

from muster.loads.mapping.errors import InvalidMappingError
from muster.loads.mapping.joining import OpenTable
from muster.loads.mapping.mapper import check_mapping, make_mapper
from muster.loads.mapping.specification import parse_mapping
from muster.loads.mapping.suggestion import suggest_mapping

__all__ = ["InvalidMappingError", "OpenTable", "check_mapping", "make_mapper", "parse_mapping", "suggest_mapping"]
