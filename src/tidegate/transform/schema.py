"""Whether a payload is what a JSON Schema of draft-07 says (facts 2.8).

Knows what a schema may be, and what is said of a payload without showing it. Does not know where schemas come from.

Nothing is ever fetched: a `$ref` leads within the schema (`schema_size`). Patterns take linear time.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from tidegate.transform.schema_size import SchemaError, Size, size_of

if TYPE_CHECKING:
    from jsonschema_rs import Draft7Validator

__all__ = ["DRAFT", "SCHEMA_BYTES_MAX", "SchemaError", "compile_schema"]

DRAFT = "http://json-schema.org/draft-07/schema#"

SCHEMA_BYTES_MAX = 1024 * 1024
PATTERN_BYTES_MAX = 1024 * 1024
"""The most that one compiled pattern may take."""

EXPLAINED_PARTS_MAX = 2_000
"""Up to this size it is told what is wrong with a payload: to tell it, the validator goes every way, and remembers none."""

DETAIL_CHARACTERS_MAX = 200

_MASK = "the value"
_PLACES = ("pattern", "patternProperties")


def compile_schema(text: str) -> Callable[[bytes], str | None]:
    """Return the function that says what is wrong with a payload, None where it is as the schema says.

    Formats such as `date-time` are checked. What is said holds names of fields and words of the schema, and no values.

    Raises:
        SchemaError: the text is no schema, is too large, of another draft, or refers to what is not in it.
    """
    if len(text) > SCHEMA_BYTES_MAX:
        raise SchemaError(f"it is larger than {SCHEMA_BYTES_MAX // 1024} KiB")
    size = _check(text)
    validator = _validator(text)
    explains = not size.is_recursive and size.parts <= EXPLAINED_PARTS_MAX

    def check(payload: bytes) -> str | None:
        try:
            found = msgspec.json.decode(payload)
        except UnicodeDecodeError:
            return "the payload is no UTF-8"
        except msgspec.MsgspecError as error:
            return f"the payload is no JSON: {error}"
        except RecursionError:
            return "the payload nests too deeply"
        return _violation(validator, found, explains=explains)

    return check


def _check(text: str) -> Size:
    try:
        schema = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise SchemaError(f"it is no JSON: {error}", hint="store it anew: a JSON Schema, draft-07") from None
    except RecursionError:
        raise SchemaError("it nests too deeply") from None
    if not isinstance(schema, dict):
        raise SchemaError("it is no object of JSON", hint='write for instance `{"type": "object"}`')
    draft = schema.get("$schema", DRAFT)
    if not isinstance(draft, str) or draft.rstrip("#") != DRAFT.rstrip("#"):
        shown = _cut(draft) if isinstance(draft, str) else "no text"
        is_delta = shown.startswith("Delta/")
        hint = "Delta schemas are for storage destinations" if is_delta else f"write `{DRAFT}`"
        raise SchemaError(f"its $schema is `{shown}`; allowed is draft-07", ("$schema",), hint)
    return size_of(schema)


def _validator(text: str) -> "Draft7Validator":
    # Imported here: few data flows have schemas to hold payloads to, and a worker without is spared the memory.
    from jsonschema_rs import Draft7Validator, RegexOptions, ValidationError

    bounded = RegexOptions(size_limit=PATTERN_BYTES_MAX, dfa_size_limit=PATTERN_BYTES_MAX)
    try:
        return Draft7Validator(text, offline=True, mask=_MASK, pattern_options=bounded, validate_formats=True)
    except ValidationError as error:
        path = tuple(error.instance_path)
        message = _cut(error.message)
        if path and path[-1] in _PLACES:
            hint = (
                "patterns have no lookaround and no back references, so that they take linear time, and a bounded size"
            )
            raise SchemaError("a pattern cannot be used", path, hint) from None
        if path and path[-1] == "type":
            hint = "types are array, boolean, integer, null, number, object and string, or a list of them"
            raise SchemaError("a type is none that JSON Schema has", path, hint) from None
        raise SchemaError(f"it is no schema of draft-07: {message}", path) from None
    except ValueError as error:
        raise SchemaError(f"it cannot be read: {_cut(str(error))}") from None


def _violation(validator: "Draft7Validator", found: object, *, explains: bool) -> str | None:
    try:
        if validator.is_valid(found):
            return None
        if not explains:
            return "it has another form"
        validator.validate(found)
    except ValueError as error:
        path = ".".join(str(step) for step in getattr(error, "instance_path", ()))
        message = _cut(getattr(error, "message", str(error)))
        return f"`{_cut(path)}`: {message}" if path else message
    return None


def _cut(text: str) -> str:
    shown = "".join(each if each.isprintable() else "\ufffd" for each in text[: DETAIL_CHARACTERS_MAX + 1])
    return shown if len(shown) <= DETAIL_CHARACTERS_MAX else f"{shown[:DETAIL_CHARACTERS_MAX]}…"
