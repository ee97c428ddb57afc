"""pySigma refuses the rule, or what it means can't be worked out.

What: what the checks before don't know, in pySigma's own words: modifiers that don't go together, a placeholder without
a value. It stands at the value that is refused, where that is found.

Why: a rule that pySigma refuses can't be converted by any tool that is built on it.

Example:

    detection:
        selection:
            requestParameters.userName|expand: '%admins%'
        condition: selection

Use instead:

    detection:
        selection:
            requestParameters.userName: [alice, bob]
        condition: selection
"""
