"""Plain Java in a process of its own: what Elasticsearch's JSON parser and java.util.HashMap make of JSON.

The integration's text of an object is `java.util.Map.toString` of what the ingest processor `json` parsed.
That processor calls `XContentParser.map()`, which builds a java.util.HashMap, no LinkedHashMap (tried with
9.2.0, and checked at every call). Our normalizer emulates it in Python; this is the original that its tests
compare with.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sigmaproof.verify.engines import EngineUnavailable, jars, jvm

__all__ = ["main", "map_to_strings"]


def map_to_strings(json_texts: Sequence[str]) -> list[str]:
    """What `Map.toString()` gives for each of these texts of JSON objects, parsed as the processor does.

    All in one process, which starts in about 0.3 s. A lone surrogate stays one. Raises ValueError for a text
    that the parser refuses, in its words; EngineUnavailable when Java can't be used.
    """
    jvm.require()
    lines = "".join(json.dumps(text) + "\n" for text in json_texts)
    done = subprocess.run(  # noqa: S603 - our own module, started with our own Python
        jvm.command("java", str(jars.ensure())),
        env=jvm.child_environment(),
        input=lines.encode("ascii"),
        capture_output=True,
        start_new_session=True,
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(answers) != len(json_texts):
        said = done.stderr.decode("utf-8", "replace").strip()
        raise EngineUnavailable(f"Java stopped after {len(answers)} of {len(json_texts)} texts: {said}")
    for text, answer in zip(json_texts, answers, strict=True):
        if "error" in answer:
            raise ValueError(f"Elasticsearch's parser refuses {text[:100]!r}: {answer['error']}")
        if answer["type"] != "java.util.HashMap":
            raise EngineUnavailable(f"the parser now builds a {answer['type']}, so its order means nothing here")
    return [answer["text"] for answer in answers]


def main(home: str) -> None:
    """The child process: JSON strings on standard input, one a line; objects with text, type or error out."""
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what Java prints is no answer
    jpype = jvm.start(Path(home), ["-Xmx256m"])
    for answer in _answers(jpype, (json.loads(line) for line in sys.stdin)):
        out.write(json.dumps(answer) + "\n")
    out.close()
    os._exit(0)


def _answers(jpype: Any, texts: Iterator[str]) -> Iterator[dict[str, str]]:
    content = jpype.JClass("org.elasticsearch.xcontent.json.JsonXContent").jsonXContent
    config = jpype.JClass("org.elasticsearch.xcontent.XContentParserConfiguration").EMPTY
    for text in texts:
        try:
            with content.createParser(config, _ascii(text)) as parser:
                parsed = _parse(parser)
            yield {"type": str(parsed.getClass().getName()), "text": _python(parsed.toString())}
        except (jpype.JException, ValueError) as error:
            yield {"error": str(error)}


def _parse(parser: Any) -> Any:
    """As the ingest processor `json` does in its strict mode: one object, and nothing after it."""
    if str(parser.nextToken()) != "START_OBJECT":
        raise ValueError("it is no JSON object")
    parsed = parser.map()
    if parser.nextToken() is not None:
        raise ValueError("something follows the JSON object")
    return parsed


def _ascii(text: str) -> str:
    """The same JSON in ASCII: the bridge to Java can't carry a lone surrogate, an escape it can."""
    return re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text)


def _python(string: Any) -> str:
    """A Java string as a Python one. By its code units, as the bridge can't carry a lone surrogate."""
    units = bytes(memoryview(string.toCharArray()))
    return units.decode(f"utf-16-{sys.byteorder[0]}e", "surrogatepass")


if __name__ == "__main__":
    main(sys.argv[1])
