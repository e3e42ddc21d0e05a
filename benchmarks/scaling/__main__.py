"""`python -m benchmarks.scaling`: writes the tables of docs/scaling.md."""

from benchmarks.scaling.page import PAGE, render_page


def main() -> None:
    PAGE.write_text(render_page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
