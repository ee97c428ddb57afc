"""pySigma refuses the rule, or what it means can't be worked out.

What: what the checks before don't know, in pySigma's own words: a network that is none, a wildcard in what is to be
encoded, a placeholder without a value.

Why: a rule that pySigma refuses can't be converted by any tool that is built on it.

Example:

    detection:
        selection:
            sourceIPAddress|cidr: 300.1.1.1/99
        condition: selection

Use instead:

    detection:
        selection:
            sourceIPAddress|cidr: 203.0.113.0/24
        condition: selection
"""
