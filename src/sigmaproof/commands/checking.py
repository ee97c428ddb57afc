"""What the command `check` makes of its options and of settings files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sigmaproof.commands.given import targets_of, usage

if TYPE_CHECKING:
    from sigmaproof.check.run import Options

__all__ = ["fix_files", "known_code", "options_of"]


def options_of(
    file: Path, select: Sequence[str] | None, ignore: Sequence[str] | None, target: list[str] | None
) -> Options:
    """What to look for in a file: what the command line says, otherwise the settings above the file.

    What is ignored by one of them is ignored. Raises InputError for settings that can't be used.
    """
    from sigmaproof.check.config import settings_of
    from sigmaproof.check.run import Options

    found = settings_of(file)
    named = tuple(targets_of(target, [])) if target else found.targets or ()
    left_out = (*_words("--ignore", ignore), *(found.ignore or ()))
    return Options(_words("--select", select) or found.select or ("all",), left_out, named)


def _words(option: str, given: Sequence[str] | None) -> tuple[str, ...]:
    """The words of comma lists; ends the command for one that names nothing."""
    from sigmaproof.check.registry import fault_of

    words = tuple(word.strip() for one in given or () for word in one.split(",") if word.strip())
    for word in words:
        if fault := fault_of(word, ignoring=option == "--ignore"):
            usage(f"{option}: {fault[0]}")
    return words


def known_code(code: str) -> str:
    """The code, as it is registered; ends the command for one that there is not."""
    from sigmaproof.check.registry import UnknownCodeError, entry

    try:
        entry(code.lower())
    except UnknownCodeError as error:
        usage(f"--explain: {error}")
    return code.lower()


def fix_files(todo: Sequence[tuple[Path, Options]]) -> None:
    """Repairs what can be repaired and is looked for, and says in which files. Raises InputError for a file that can't
    be written."""
    from sigmaproof.check.fix import fix_file
    from sigmaproof.output.consoles import note, plural

    for file, options in todo:
        fixed = fix_file(file, options)
        if fixed:
            note(f"{file}: {plural(len(fixed), 'repair')}: {', '.join(fixed)}")
