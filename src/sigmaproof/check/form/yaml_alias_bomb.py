"""Aliases expand to a document without end.

What: a name (`&a`) that is used again and again (`*a`) in what is itself used again. Twenty lines can stand for
millions of values; each is counted as often as it is used, and there may be 50,000.

Why: with other tools a rule of 353 bytes becomes a query of 5.6 MB. Write the values out.

Example:

    detection:
        a: &a [{x: 1}, {x: 1}, {x: 1}, {x: 1}, {x: 1}, {x: 1}, {x: 1}, {x: 1}, {x: 1}, {x: 1}]
        b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
        c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
        d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
        e: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
        condition: e

Use instead:

    detection:
        selection:
            eventName: CreateRole
        condition: selection
"""
