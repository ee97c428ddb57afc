"""A comment silences a finding that isn't there.

What: no finding of that code stands on the line, or in the file. Codes that this run left out with `--select` or
`--ignore`, and those of targets that were not asked for, don't count.

Why: the rule was repaired and the comment was left behind; the next finding there would be silenced unseen.

Example:

    detection:
        selection:
            eventName: CreateRole # sigmaproof: ignore[field-unknown]
        condition: selection

Use instead:

    detection:
        selection:
            eventName: CreateRole
        condition: selection
"""
