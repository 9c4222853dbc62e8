"""Check a JSON document against one of our schemas, without a library for it at run time.

Supports the part of JSON Schema (draft 2020-12) that our schemas use; an unknown keyword is an error of the schema, so
that a rule is never skipped in silence. The tests hold this against the package jsonschema.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description", "default", "examples", "$comment"}
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
ARTICLES = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
}
ARTICLES |= {"boolean": "true or false", "null": "null"}


class StructureError(ValueError):
    """A JSON document does not have the structure that it should; the message names the place and the rule."""


def parse_json(text: str | bytes) -> Any:
    """Strict JSON: no NaN or Infinity, no number beyond a double, no key twice in one object.

    Raises
    ------
    StructureError : the text is not such JSON.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object_without_duplicates)
    except StructureError:
        raise
    except (ValueError, RecursionError) as error:
        raise StructureError(f"is not valid JSON ({error})") from error
    for place, number in _numbers(document, ""):
        if not _is_finite(number):
            raise StructureError(f"{place or 'the document'} is not a finite number")
    return document


def check_structure(document: Any, schema: dict[str, Any]) -> None:
    """Compare `document` with `schema`.

    Raises
    ------
    StructureError : naming the first place that breaks a rule, such as `features[2]`.
    """
    for place, fault in _faults(document, schema, schema, ""):
        raise StructureError(f"{place or 'the document'} {fault}")


def _refuse_constant(name: str) -> None:
    raise StructureError(f"holds {name}, which is not a finite number")


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise StructureError(f"has the key {key!r} twice in one object")
        made[key] = value
    return made


def _is_finite(number: int | float) -> bool:
    try:
        return math.isfinite(float(number))
    except OverflowError:
        return False


def _numbers(document: Any, place: str) -> Iterator[tuple[str, int | float]]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield from _numbers(value, f"{place}.{key}" if place else key)
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from _numbers(value, f"{place}[{index}]")
    elif isinstance(document, (int, float)) and not isinstance(document, bool):
        yield place, document


def _has_type(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, TYPES[name])


def _equal(value: Any, other: Any) -> bool:
    """Equality of JSON: true is not 1, which Python holds equal."""
    return isinstance(value, bool) == isinstance(other, bool) and value == other


def _faults(value: Any, schema: dict[str, Any], root: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    for keyword, rule in schema.items():
        if keyword in ANNOTATIONS:
            continue
        if keyword == "$ref":
            yield from _faults(value, root["$defs"][rule.removeprefix("#/$defs/")], root, place)
        elif keyword == "allOf":
            for part in rule:
                yield from _faults(value, part, root, place)
        elif keyword == "if":
            if not any(_faults(value, rule, root, place)):
                yield from _faults(value, schema.get("then", {}), root, place)
        elif keyword == "then":
            continue
        elif keyword in ("properties", "required", "additionalProperties"):
            yield from _object_faults(value, keyword, rule, schema, root, place)
        elif keyword == "items":
            for index, item in enumerate(value if isinstance(value, list) else []):
                yield from _faults(item, rule, root, f"{place}[{index}]")
        else:
            fault = _value_fault(value, keyword, rule)
            if fault:
                yield place, fault


def _object_faults(
    value: Any, keyword: str, rule: Any, schema: dict[str, Any], root: dict[str, Any], place: str
) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        return
    prefix = f"{place}." if place else ""
    if keyword == "required":
        for name in rule:
            if name not in value:
                yield f"{prefix}{name}", "is missing"
    elif keyword == "properties":
        for name, inner in rule.items():
            if name in value:
                yield from _faults(value[name], inner, root, f"{prefix}{name}")
    else:
        for name in value.keys() - schema.get("properties", {}).keys():
            if rule is False:
                yield f"{prefix}{name}", "is not a known key"
            elif isinstance(rule, dict):
                yield from _faults(value[name], rule, root, f"{prefix}{name}")


def _value_fault(value: Any, keyword: str, rule: Any) -> str | None:
    if keyword == "type":
        names = [rule] if isinstance(rule, str) else rule
        if not any(_has_type(value, name) for name in names):
            return f"is not {' or '.join(ARTICLES[name] for name in names)}"
    elif keyword == "enum":
        if not any(_equal(value, choice) for choice in rule):
            return f"is not one of {', '.join(map(str, rule))}"
    elif keyword == "const":
        if not _equal(value, rule):
            return f"is not {json.dumps(rule)}"
    elif keyword in ("minLength", "maxLength", "pattern"):
        return _text_fault(value, keyword, rule) if isinstance(value, str) else None
    elif keyword in ("minItems", "maxItems", "uniqueItems"):
        return _list_fault(value, keyword, rule) if isinstance(value, list) else None
    elif keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        return _number_fault(value, keyword, rule) if _has_type(value, "number") else None
    else:
        raise NotImplementedError(f"JSON Schema keyword {keyword}")
    return None


def _text_fault(value: str, keyword: str, rule: Any) -> str | None:
    if keyword == "pattern":
        return None if re.search(rule, value) else f"does not match {rule}"
    if keyword == "minLength":
        return f"is shorter than {rule} characters" if len(value) < rule else None
    return f"is longer than {rule} characters" if len(value) > rule else None


def _list_fault(value: list[Any], keyword: str, rule: Any) -> str | None:
    if keyword == "uniqueItems":
        texts = [json.dumps(item, sort_keys=True) for item in value]
        return "has an entry twice" if rule and len(set(texts)) < len(texts) else None
    if keyword == "minItems":
        return f"has fewer than {rule} entries" if len(value) < rule else None
    return f"has more than {rule} entries" if len(value) > rule else None


def _number_fault(value: float, keyword: str, rule: float) -> str | None:
    within = {
        "minimum": value >= rule,
        "maximum": value <= rule,
        "exclusiveMinimum": value > rule,
        "exclusiveMaximum": value < rule,
    }
    words = {"minimum": "below", "maximum": "above", "exclusiveMinimum": "not above", "exclusiveMaximum": "not below"}
    return None if within[keyword] else f"is {words[keyword]} {rule}"
