"""The use case of loads by API: a user uploads a file, starts its load, follows it, and gets the results."""

from dataclasses import dataclass

from muster.loads.reading import LoadReader
from muster.loads.uploads import LoadUploads


@dataclass(frozen=True, slots=True)
class LoadService:
    """What users do with loads: `uploads` changes them, `reader` reads them. Everything blocks."""

    uploads: LoadUploads
    reader: LoadReader
