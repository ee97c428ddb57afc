"""YAML reads a word or a number in a way that few authors mean.

What: without quotes `no`, `on` and `yes` are booleans, `1:30` is 90, `0777` is 511, `1_000` is 1000 and `1.10` is 1.1.

Why: YAML 1.1 says so and nearly all Sigma tools read YAML 1.1; a YAML 1.2 reader sees the text. The rule means two
things. In quotes it is the text everywhere; if the boolean or the number is meant, write it plainly: `false`, `511`.

Example:

    detection:
        selection:
            requestParameters.mode: 0777
        condition: selection

Use instead:

    detection:
        selection:
            requestParameters.mode: '0777'
        condition: selection
"""
