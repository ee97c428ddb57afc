r"""A regular expression that is not in the dialect, or too large.

What: look-around, back-references and `\p{…}` are refused, as is what RE2 or Python's `re` can't parse.

Why: each engine has its own dialect. sigmaproof takes what all of them can be given with one meaning, and says so where
the expression stands, not when it is deployed.

Example:

    detection:
        selection:
            eventName|re: '^(?!Create)'
        condition: selection

Use instead:

    detection:
        selection:
            eventSource: iam.amazonaws.com
        filter:
            eventName|startswith: Create
        condition: selection and not filter
"""
