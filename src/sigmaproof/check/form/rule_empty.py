"""A file holds no rule.

What: an empty file, or one of comments only.

Why: a rule that was lost, by a failed merge or a script that wrote nothing, would be missed by nobody.

Example:

    # title: a rule that was commented out

Use instead:

    detection:
        selection:
            eventName: CreateRole
        condition: selection
"""
