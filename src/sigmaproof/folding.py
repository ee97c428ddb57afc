"""Case folding, the one that Sigma's case-insensitivity means here.

ASCII letters fold among themselves, other letters by Unicode simple case folding among themselves; a
non-ASCII character never equals an ASCII one (the Kelvin sign is not `k`). One character folds to one
character, so that folding never changes a length. Which records match is in `matching`.
"""

from __future__ import annotations

from functools import cache

# Unicode has no letters with case from here on: planes 2 to 16 are ideographs, marks and private use.
CASELESS_FROM = 0x20000
__all__ = ["fold", "fold_char", "has_case", "variants"]


def fold(text: str) -> str:
    """The text with every character folded."""
    return text.lower() if text.isascii() else text.translate(_FOLDS)


@cache
def fold_char(char: str) -> str:
    """The folded form of one character: Unicode's simple folding, which stays in or out of ASCII.

    Python has full folding only (`ß` to `ss`), so where that is longer the simple one is the lower case
    of the character if that is a single one (CaseFolding.txt, status S), or the character itself (`İ`).
    """
    if char.isascii():
        return char.lower()
    folded = char.casefold()
    if len(folded) != 1:
        folded = char.lower()
    return char if len(folded) != 1 or folded.isascii() else folded


class _Folds(dict[int, str]):
    def __missing__(self, code: int) -> str:
        self[code] = fold_char(chr(code))
        return self[code]


_FOLDS = _Folds()


@cache
def variants(char: str) -> str:
    """All characters that fold to the same one, in code point order; the character alone if it has no case."""
    if char.isascii():
        return "".join(sorted({char.lower(), char.upper()}))
    return _groups().get(fold_char(char), char)


def has_case(text: str) -> bool:
    """Whether some character of the text has other-case variants."""
    return any(len(variants(char)) > 1 for char in text)


@cache
def _groups() -> dict[str, str]:
    groups: dict[str, list[str]] = {}
    for code in range(128, CASELESS_FROM):
        char = chr(code)
        folded = fold_char.__wrapped__(char)
        if folded != char:
            groups.setdefault(folded, [folded]).append(char)
    return {folded: "".join(sorted(members)) for folded, members in groups.items()}
