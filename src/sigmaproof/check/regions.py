"""How AWS names its regions, and which one was meant by what is no such name. No list of all: new ones come."""

from __future__ import annotations

import difflib
import re

__all__ = ["meant_region"]

# Regions as AWS names them: area, perhaps a partition, direction, number.
_FORM = re.compile(
    r"[a-z]{2,5}(-(gov|iso[a-z]?|[a-z]{2}))*-(north|south)?(east|west|north|south|central)-\d{1,2}", re.ASCII
)
_BEGINNINGS = (
    "af-south", "ap-east", "ap-northeast", "ap-south", "ap-southeast", "ca-central", "ca-west", "cn-north",
    "cn-northwest", "eu-central", "eu-north", "eu-south", "eu-west", "eusc-de-east", "il-central", "me-central",
    "me-south", "mx-central", "sa-east", "us-east", "us-gov-east", "us-gov-west", "us-iso-east", "us-iso-west",
    "us-isob-east", "us-west",
)  # fmt: skip


def meant_region(text: str) -> str | None:
    """The region that is named nearly as a text in lower case; None for what has a region's form, or is near none.

    One of the same letters comes first, and the text's number is kept.
    """
    if _FORM.fullmatch(text):
        return None
    number = re.search(r"\d+$", text)
    known = [f"{begin}-{number[0] if number else 1}" for begin in _BEGINNINGS]
    same = [name for name in known if sorted(name) == sorted(text)]
    return next(iter(same or difflib.get_close_matches(text.replace("_", "-"), known, n=1, cutoff=0.75)), None)
