"""YAML reads a word or a number in a way that few authors mean.

What: without quotes `no`, `on` and `yes` are booleans, `1:30` is 90, `0777` is 511, `1_000` is 1000 and `1.10` is 1.1.
`012345678901`, `09`, `1e3` and `0o17` are texts in YAML 1.1 and numbers in YAML 1.2.

Why: nearly all Sigma tools read YAML 1.1, others YAML 1.2, for which `no`, `1:30` and `1_000` are texts and `0777` is
777: the rule means two things. Where both read the same, as with `1.10`, it is not what is written. In quotes it is the
text everywhere: so an account id is written. If the boolean or the number is meant, write it plainly: `false`, `511`.

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
