"""`python -m tools.reference`: writes the reference pages to `docs/reference`."""

from pathlib import Path
from typing import Final

from tools.reference import build_pages

DIRECTORY: Final = Path(__file__).parents[2] / "docs" / "reference"


def main() -> None:
    for name, text in build_pages().items():
        DIRECTORY.joinpath(name).write_text(text, encoding="utf-8")
        print(f"docs/reference/{name}")


if __name__ == "__main__":
    main()
