"""A rule has more values, as its modifiers expand them, than any engine takes.

What: 10,000 values or 2,500,000 characters. `|windash` multiplies a value by five for each dash, `|base64offset` by
three, and an expression counts as fifty values.

Why: 30 bytes can become a query of 640 KB. Split the rule.

Example:

    detection:
        selection:
            userAgent|windash|base64offset|contains: [-a -b -a, -a -b -b, -a -b -c, -a -b -d, -a -b -e,
                -a -b -f, -a -b -g, -a -b -h, -a -b -i, -a -b -j, -a -b -k, -a -b -l, -a -b -m, -a -b -n,
                -a -b -o, -a -b -p, -a -b -q, -a -b -r, -a -b -s, -a -b -t, -a -b -u, -a -b -v, -a -b -w,
                -a -b -x, -a -b -y, -a -b -z, -a -b -1, -a -b -2]
        condition: selection

Use instead:

    detection:
        selection:
            userAgent|windash|contains: -a -b -c
        condition: selection
"""
