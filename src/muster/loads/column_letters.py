"""Columns as spreadsheets name them: by letters."""

from functools import lru_cache


@lru_cache(maxsize=1024)
def to_column_letters(index: int) -> str:
    """The letters of a column: A for 0, AA for 26."""
    letters = ""
    while index >= 0:
        index, letter = divmod(index, 26)
        letters = chr(ord("A") + letter) + letters
        index -= 1
    return letters


def parse_column_letters(letters: str) -> int:
    """The index of a column, -1 when the letters are none of one: the inverse of `to_column_letters`."""
    index = 0
    if not 0 < len(letters) <= 4:
        return -1
    for letter in letters.upper():
        if not "A" <= letter <= "Z":
            return -1
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1
