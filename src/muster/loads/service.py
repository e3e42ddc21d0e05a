"""The use case of loads by API: a user uploads a file, starts its load, follows it, and gets the results."""

from dataclasses import dataclass

from muster.loads.file_preview import FilePreview
from muster.loads.reading import LoadReader
from muster.loads.saved_mappings import SavedMappings
from muster.loads.uploads import LoadUploads


@dataclass(frozen=True, slots=True)
class LoadService:
    """What users do with loads: `uploads` changes them, `reader` reads them. Everything blocks.

    `preview` shows what an uploaded file holds, and checks no permissions.
    """

    uploads: LoadUploads
    reader: LoadReader
    preview: FilePreview
    mappings: SavedMappings
