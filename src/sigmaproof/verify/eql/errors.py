"""The one error of this package: what Elasticsearch's EQL refuses, and what can't be lowered to Query DSL.

Here lives the class only; who raises it, and when, is in the modules beside this one.
"""

from __future__ import annotations

PARSING = "parsing_exception"
VERIFICATION = "verification_exception"
UNSUPPORTED = "unsupported"


class EqlError(Exception):
    """An EQL query that Elasticsearch refuses, or that has no Query DSL form.

    `kind` is `parsing_exception` (syntax), `verification_exception` (fields and types; also the
    planner's own refusals, which Elasticsearch reports as `ql_illegal_argument_exception`), or
    `unsupported`: legal EQL that Elasticsearch would run as a script, a sequence or a pipe, so it needs
    a cluster with EQL. `line` and `column` count from 1 and point into the query.
    """

    def __init__(self, kind: str, message: str, line: int, column: int) -> None:
        super().__init__(f"{kind} at line {line}:{column}: {message}")
        self.kind = kind
        self.message = message
        self.line = line
        self.column = column
