"""The repository in which rules lie: its root, what a rule may name in it, and what has changed there.

Git is asked as a program; what is done with the files is the commands'. Nothing here writes.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from sigmaproof.diagnostics import InputError, Place

__all__ = ["GitError", "changed_files", "confined", "default_base", "enclosing", "relative", "root_of", "uri"]

SECONDS, LONGEST = 120, 200
# What the servers that run pipelines say of the branch into which is to be merged.
_TARGETS = {
    "GITHUB_BASE_REF": "origin/{}",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": "{}",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "origin/{}",
}
_USUAL = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


class GitError(Exception):
    """Git can't say what has changed. The message says what to do."""


def root_of(*files: Path) -> Path:
    """The folder within which a rule may name files: the repository of the first file, otherwise the working
    directory if they lie in it, otherwise the folder that they have in common."""
    return enclosing(*files) or Path(os.path.commonpath([str(file.absolute().parent) for file in files]))


def enclosing(*files: Path) -> Path | None:
    """The repository of the first file, otherwise the working directory if they lie in it; None where neither is."""
    whole = [file.absolute() for file in files]
    for folder in whole[0].parents:
        if (folder / ".git").exists():
            return folder
    here = Path.cwd()
    return here if all(file.is_relative_to(here) for file in whole) else None


def confined(name: str, folders: Sequence[Path], root: Path, place: Place, must_be: bool = True) -> Path:
    """The file of this name, relative to the first of the folders that has it.

    must_be: whether it has to be there; otherwise it is in the first folder. Raises InputError for a name that is
    absolute, for a file that isn't there, and for one outside of the root, also through a symbolic link.
    """
    plain = PurePosixPath(name.replace("\\", "/"))
    if plain.is_absolute() or "\0" in name or Path(name).is_absolute():
        raise InputError("test-path", place, f"{name!r} is an absolute path", "write it relative to this file")
    try:
        found = next((folder / plain for folder in folders if (folder / plain).exists()), None)
        inside = (found or folders[0] / plain).resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError) as error:  # a name that is too long, a loop of links
        why = getattr(error, "strerror", None) or "a loop of symbolic links"
        raise InputError("test-path", place, f"{name[:LONGEST]}: {why}") from None
    if found is None and must_be:
        raise InputError("test-path", place, f"{name}: no such file", "write it relative to this file")
    if not inside:
        message = f"{name} lies outside of the repository"
        raise InputError("test-path", place, message, "keep what rules are tested with in the repository")
    return found or folders[0] / plain


def relative(file: str, root: Path) -> str:
    """A file as it is named from the root, with `/`; a file outside of it by its whole path."""
    whole = Path(os.path.normpath(Path(file).absolute()))
    for base in (root.absolute(), root.resolve()):
        if whole.is_relative_to(base):
            return whole.relative_to(base).as_posix()
    return whole.as_posix()


def uri(file: str, root: Path) -> str:
    """The same as the reference of a URI: what is special there is encoded."""
    name = relative(file, root)
    encoded = quote(name.encode("utf-8", "surrogateescape"), safe="/~")
    return f"file://{encoded}" if name.startswith("/") else encoded


def changed_files(base: str, folder: Path) -> set[Path]:
    """The files that differ from where HEAD left `base`: committed, staged, changed or new, also those deleted since.

    base: a revision; empty for the branch into which is to be merged (`default_base`). Raises GitError.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel").removesuffix("\n"))
    base = base or default_base(folder)
    if base.startswith("-"):
        raise GitError(f"{base} is no revision")
    _git(folder, "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}", said=f"no revision {base} here: fetch it")
    deeper = f"HEAD and {base} have no common commit here: fetch the whole history (fetch-depth: 0)"
    fork = _git(folder, "merge-base", base, "HEAD", said=deeper).strip()
    names = _git(top, "diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", fork, "--").split("\0")
    names += _git(top, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    return {top / name for name in names if name}


def default_base(folder: Path) -> str:
    """The branch into which is to be merged: what the pipeline's server says, or the main branch.

    Raises GitError when there is none.
    """
    said = [form.format(os.environ[name]) for name, form in _TARGETS.items() if os.environ.get(name)]
    for one in [*said, *_USUAL]:
        try:
            _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{one}^{{commit}}")
        except GitError:
            continue
        return one
    raise GitError("no main branch found: say what to compare with, as --changed=origin/main")


def _git(folder: Path, *arguments: str, said: str = "") -> str:
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    environment = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - git, with arguments of ours and a checked revision
            command, capture_output=True, env=environment, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise GitError("git is not installed") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitError(f"git can't be run: {error}") from None
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise GitError(said or words or f"git {arguments[0]} failed")
    return os.fsdecode(done.stdout)
