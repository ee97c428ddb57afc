"""Prints the field table."""

from __future__ import annotations

from sigmaproof.fields import Field, FieldTable, Home, Located, UnknownFieldError
from sigmaproof.output.consoles import new_table, out

__all__ = ["write_field", "write_fields"]


def write_fields(fields: FieldTable) -> None:
    """All raw fields with their ECS homes, the canonical one first."""
    rows = new_table("CloudTrail", "ECS, canonical first", "type", "AWS writes")
    for field in fields.fields:
        homes = "\n".join(home.name for home in field.homes)
        rows.add_row(
            field.raw + (".*" if field.open else ""),
            homes,
            "\n".join(map(_kind, field.homes)),
            _writes(field),
        )
    out().print(rows)


def write_field(name: str, fields: FieldTable) -> None:
    """One field, by its raw or ECS name. Raises UnknownFieldError with a suggestion."""
    located = _located(name, fields)
    field = located.field
    print(f"{located.raw}")
    print(f"  canonical  {located.canonical}")
    for home in field.homes:
        sub = f".{located.sub}" if located.sub and home.form == "flattened" else ""
        print(f"  home       {home.name}{sub} ({_kind(home)})")
    print(f"  AWS writes {_writes(field) if not located.sub else 'anything: a part of an open object'}")
    if field.shared:
        print("  shared     the ECS field has other sources too, or is not always filled from this one")
    if field.since:
        print(f"  since      {field.since} of the integration")
    print(f"  source     {field.source}")


def _located(name: str, fields: FieldTable) -> Located:
    try:
        return fields.raw(name)
    except UnknownFieldError as unknown:
        try:
            return fields.ecs(name)[0]
        except UnknownFieldError:
            raise unknown from None


def _kind(home: Home) -> str:
    limit = f", at most {home.ignore_above} characters" if home.ignore_above else ""
    form = {"rendered": ", as {a=b} text", "changed": ", rewritten"}.get(home.form, "")
    return f"{home.type}{form}{limit}"


def _writes(field: Field) -> str:
    writes = field.writes
    words = ["/".join(writes.types)]
    if writes.many:
        words.append("lists")
    if writes.empty:
        words.append("also empty")
    if writes.longest:
        words.append(f"at most {writes.longest:,} characters")
    spelling = {
        "lower": "lower case",
        "values": ", ".join(writes.values),
        "event_names": "names of API actions",
    }
    if writes.spelling in spelling:
        words.append(spelling[writes.spelling])
    return "; ".join(words)
