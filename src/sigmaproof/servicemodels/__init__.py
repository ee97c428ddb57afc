"""What AWS's own service models say of the parameters of a call: values of enumerations, lengths, types.

The models are botocore's data, an optional extra (`pip install "sigmaproof[aws]"`). Without it every question here is
answered with nothing, and only the field table says what AWS can write; a report says which of both it was.
"""

from __future__ import annotations

from typing import Any

from sigmaproof.servicemodels.data import available, version
from sigmaproof.servicemodels.judge import Leaf, described_by, faults, is_fault, leaves
from sigmaproof.servicemodels.names import knows, located
from sigmaproof.servicemodels.texts import longest_text, values_of

__all__ = [
    "Leaf",
    "available",
    "described",
    "faults",
    "is_fault",
    "knows",
    "largest",
    "leaves",
    "remark",
    "suggestions",
    "version",
]


def described(event_source: str, event_name: str, path: str) -> Leaf | None:
    """What the models say of a path (`requestParameters.source.sourceType`) for a call.

    None when no model has the call (`knows` tells) or the path, or when there are no models. Of a call that services
    share, what any of them allows. Keys of CloudTrail's own around lists (`items`) are stepped over.
    """
    return described_by(located(event_source, event_name, path))


def suggestions(event_source: str, event_name: str, path: str) -> list[Any]:
    """Values that the models allow at a path: those of an enumeration or boolean; the bounds of a number; texts of
    the greatest length, of one less and of the least. Empty where nothing is known. For a list: its elements.
    """
    leaf = described(event_source, event_name, path)
    return list(values_of(leaf)) if leaf is not None else []


def largest(event_source: str, event_name: str, path: str) -> str | None:
    """The longest text that the models allow at a path; None where they set no limit, or one of more than CloudTrail
    writes, or where no text of that length was found that fits the pattern. One character more is inadmissible.
    """
    leaf = described(event_source, event_name, path)
    return longest_text(leaf) if leaf is not None else None


def remark() -> str:
    """A sentence for a report: whether service models were used, and which."""
    if available():
        return f"What AWS can write: the field table, and the values and lengths of AWS's service models ({version()})."
    return (
        "What AWS can write: the field table alone. With AWS's service models "
        '(`pip install "sigmaproof[aws]"`) values and lengths of more parameters are known.'
    )
