"""A value looks like a date or a number, and is none.

What: `2024-13-45` has the form of a date, digits without end that of a number.

Why: a reader stops here. Put the value in quotes if the text is meant.

Example:

    detection:
        selection:
            eventTime: 2024-13-45
        condition: selection

Use instead:

    detection:
        selection:
            eventTime|startswith: '2024-12-31'
        condition: selection
"""
