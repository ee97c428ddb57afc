"""An alias (`*name`) stands for a value that is written elsewhere.

What: `&name` gives a value a name, `*name` puts the same value in another place.

Why: Sigma allows YAML, but people who read the rule, and tools that work on its text (search, diff), see a name
where a value is tested. Write the value out.

Example:

    detection:
        selection:
            eventName: &names [CreateRole, CreateUser]
        other:
            errorMessage: *names
        condition: selection or other

Use instead:

    detection:
        selection:
            eventName: [CreateRole, CreateUser]
        other:
            errorMessage: [CreateRole, CreateUser]
        condition: selection or other
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import TextSubject

__all__ = ["check"]


def check(subject: TextSubject) -> Iterator[Found]:
    """The first alias, with how many there are. Only in files that could be read: others have worse faults."""
    text = subject.text or ""
    if not subject.documents or "*" not in text or "&" not in text:
        return
    found = list(_aliases(text))
    if found:
        more = f" ({len(found):,} in the file)" if len(found) > 1 else ""
        name, line, column = found[0]
        yield Found(subject.place(line, column), f"the alias *{name} hides a value{more}", "write the value out")


def _aliases(text: str) -> Iterator[tuple[str, int, int]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for token in yaml.scan(text, Loader=loader):
            if isinstance(token, yaml.AliasToken) and token.start_mark is not None:
                yield token.value, token.start_mark.line + 1, token.start_mark.column + 1
    except yaml.YAMLError:
        return
