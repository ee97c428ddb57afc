"""Values of a rule as an index holds them: the texts of a number, the booleans that a text can mean."""

from __future__ import annotations

from sigmaproof.fidelity import Refusal
from sigmaproof.matching import number_text, pattern_test
from sigmaproof.predicate import Text, describe

__all__ = ["boolean_values", "number_texts"]


def number_texts(value: float) -> list[str]:
    """The texts that a number equal to this one can have in the index: as JSON, and as Java writes a double."""
    from sigmaproof.normalize.javamap import java_text

    forms = [number_text(value), java_text(float(value)), number_text(float(value))]
    if float(value).is_integer():
        forms.append(str(int(value)))
    return list(dict.fromkeys(forms))


def boolean_values(name: str, test: Text) -> list[bool]:
    """The booleans whose text has the pattern. Raises Refusal when there is none."""
    holds = pattern_test(test.pattern, test.cased)
    values = [value for value in (True, False) if holds(str(value).lower())]
    if not values:
        raise Refusal(f"{describe(test)}: {name} is a boolean, which is only ever true or false")
    return values
