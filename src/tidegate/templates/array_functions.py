"""Functions of arrays and objects, and those that take texts as well, a row each.

Knows what each takes and gives. Does not know expressions.
"""

import json
from collections.abc import Callable

from tidegate.templates.function import TemplateFunction
from tidegate.templates.limits import RANGE_MAX, TEXT_CHARACTERS_MAX
from tidegate.templates.template_error import TemplateError
from tidegate.templates.values import Value, as_array, as_int, as_object, as_text, same, text_of, type_name

__all__ = ["ARRAY_ROWS", "member"]


def _array(value: Value) -> Value:
    return value if isinstance(value, list) else [value]


def _concat(*values: Value) -> Value:
    if isinstance(values[0], list):
        return [item for value in values for item in as_array(value, "`concat` of an array")]
    for value in values:
        if isinstance(value, list | dict):
            raise TemplateError(f"`concat` joins strings, or arrays, and one of these is of type {type_name(value)}")
    parts = [text_of(value) for value in values]
    if sum(map(len, parts)) > TEXT_CHARACTERS_MAX:
        raise TemplateError(f"the text would be longer than {TEXT_CHARACTERS_MAX} characters")
    return "".join(parts)


def _contains(container: Value, item: Value) -> Value:
    if isinstance(container, str):
        return text_of(item) in container
    if isinstance(container, dict):
        return member(container, as_text(item, "`contains` of an object")) is not None
    if isinstance(container, list):
        return any(same(each, item) for each in container)
    raise _not_taken("contains", container)


def member(container: dict[str, Value], name: str) -> str | None:
    """Return the name of a property as it is written; upper and lower case do not matter. None where it is not there."""
    if name in container:
        return name
    return next((each for each in container if each.lower() == name.lower()), None)


def _create_object(*values: Value) -> Value:
    if len(values) % 2:
        raise TemplateError("`createObject` takes names and values in turn, and the last has no value")
    names = [as_text(name, "`createObject`") for name in values[::2]]
    return dict(zip(names, values[1::2], strict=True))


def _empty(value: Value) -> Value:
    if value is None or isinstance(value, str | list | dict):
        return not value
    raise _not_taken("empty", value)


def _first(value: Value) -> Value:
    if isinstance(value, str):
        return value[:1]
    items = as_array(value, "`first`")
    return items[0] if items else None


def _last(value: Value) -> Value:
    if isinstance(value, str):
        return value[-1:]
    items = as_array(value, "`last`")
    return items[-1] if items else None


def _length(value: Value) -> Value:
    if isinstance(value, str | list | dict):
        return len(value)
    raise _not_taken("length", value)


def _index_of(container: Value, item: Value) -> Value:
    if isinstance(container, str):
        return container.lower().find(as_text(item, "`indexOf`").lower())
    items = as_array(container, "`indexOf`")
    return next((index for index, each in enumerate(items) if same(each, item)), -1)


def _last_index_of(container: Value, item: Value) -> Value:
    if isinstance(container, str):
        return container.lower().rfind(as_text(item, "`lastIndexOf`").lower())
    items = as_array(container, "`lastIndexOf`")
    return next((index for index in reversed(range(len(items))) if same(items[index], item)), -1)


def _skip(value: Value, count: Value) -> Value:
    number = max(0, as_int(count, "`skip`"))
    return value[number:] if isinstance(value, str) else as_array(value, "`skip`")[number:]


def _take(value: Value, count: Value) -> Value:
    number = max(0, as_int(count, "`take`"))
    return value[:number] if isinstance(value, str) else as_array(value, "`take`")[:number]


def _flatten(values: Value) -> Value:
    return [item for each in as_array(values, "`flatten`") for item in as_array(each, "`flatten`")]


def _union(*values: Value) -> Value:
    if isinstance(values[0], dict):
        made: dict[str, Value] = {}
        for value in values:
            made = _merged(made, as_object(value, "`union` of an object"))
        return made
    items: list[Value] = []
    for value in values:
        items += [item for item in as_array(value, "`union`")]
    return _distinct(items)


def _distinct(items: list[Value]) -> list[Value]:
    seen: dict[str, Value] = {}
    for item in items:
        seen.setdefault(_identity(item), item)
    return list(seen.values())


def _identity(value: Value) -> str:
    """Return a text that is the same for values that are equal."""
    return json.dumps(value, sort_keys=True)


def _merged(left: dict[str, Value], right: dict[str, Value]) -> dict[str, Value]:
    made = dict(left)
    for name, value in right.items():
        known = member(made, name) or name
        before = made.get(known)
        made[known] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return made


def _shallow_merge(values: Value) -> Value:
    made: dict[str, Value] = {}
    for value in as_array(values, "`shallowMerge`"):
        for name, item in as_object(value, "`shallowMerge`").items():
            made[member(made, name) or name] = item
    return made


def _intersection(*values: Value) -> Value:
    if isinstance(values[0], dict):
        made = dict(values[0])
        for value in values[1:]:
            other = as_object(value, "`intersection` of an object")
            made = {name: item for name, item in made.items() if name in other and same(item, other[name])}
        return made
    items = _distinct(as_array(values[0], "`intersection`"))
    for value in values[1:]:
        there = {_identity(item) for item in as_array(value, "`intersection`")}
        items = [item for item in items if _identity(item) in there]
    return items


def _items(value: Value) -> Value:
    return [{"key": name, "value": item} for name, item in sorted(as_object(value, "`items`").items())]


def _object_keys(value: Value) -> Value:
    return list(as_object(value, "`objectKeys`"))


def _range(start: Value, count: Value) -> Value:
    first, number = as_int(start, "`range`"), as_int(count, "`range`")
    if not 0 <= number <= RANGE_MAX:
        raise TemplateError(f"`range` gives 0 to {RANGE_MAX} numbers, and is asked for {number}")
    return list(range(first, first + number))


def _try_get(value: Value, *steps: Value) -> Value:
    for step in steps:
        if isinstance(value, dict) and isinstance(step, str):
            name = member(value, step)
            value = value[name] if name is not None else None
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if 0 <= step < len(value) else None
        else:
            return None
    return value


def _index_from_end(value: Value, position: Value) -> Value:
    items, back = as_array(value, "`tryIndexFromEnd`"), as_int(position, "`tryIndexFromEnd`")
    return items[-back] if 1 <= back <= len(items) else None


def _not_taken(name: str, value: Value) -> TemplateError:
    return TemplateError(f"`{name}` takes a string, an array or an object, and this is of type {type_name(value)}")


def _row(signature: str, summary: str, example: str, result: Value, call: Callable[..., Value]) -> TemplateFunction:
    return TemplateFunction("array", signature, summary, example, json.dumps(result), call)


ARRAY_ROWS: tuple[TemplateFunction, ...] = (
    _row("array(value)", "The value as an array of one; an array stays.", "array('a')", ["a"], _array),
    _row("concat(value, ...)", "Strings, or arrays, one after the other.", "concat('a', '-', 1)", "a-1", _concat),
    _row(
        "contains(container, item)",
        "Whether a text, an array or an object has it; of an object, a property of this name.",
        "contains(createArray(1, 2), 2)",
        True,
        _contains,
    ),
    _row(
        "createArray([value], ...)",
        "An array of the values.",
        "createArray(1, 'a')",
        [1, "a"],
        lambda *values: list(values),
    ),
    _row(
        "createObject([name], ...)",
        "An object of names and values in turn.",
        "createObject('a', 1)",
        {"a": 1},
        _create_object,
    ),
    _row("empty(value)", "Whether a text, array or object has nothing in it, or is null.", "empty('')", True, _empty),
    _row("first(value)", "The first item of an array, or character of a text.", "first(createArray(1, 2))", 1, _first),
    _row(
        "flatten(arrays)",
        "The items of arrays as one array.",
        "flatten(createArray(createArray(1), createArray(2)))",
        [1, 2],
        _flatten,
    ),
    _row(
        "indexOf(container, item)",
        "Where it is, from 0; -1 where it is not. Case does not matter in texts.",
        "indexOf('oven', 'V')",
        1,
        _index_of,
    ),
    _row(
        "intersection(value, ...)",
        "What arrays, or objects, have in common.",
        "intersection(createArray(1, 2), createArray(2, 3))",
        [2],
        _intersection,
    ),
    _row(
        "items(object)",
        "An array of `key` and `value`, in the order of the names.",
        "items(createObject('a', 1))",
        [{"key": "a", "value": 1}],
        _items,
    ),
    _row("last(value)", "The last item of an array, or character of a text.", "last('oven')", "n", _last),
    _row(
        "lastIndexOf(container, item)",
        "Where it is for the last time, from 0.",
        "lastIndexOf('a/b/c', '/')",
        3,
        _last_index_of,
    ),
    _row("length(value)", "How many items, characters or properties there are.", "length('oven')", 4, _length),
    _row(
        "objectKeys(object)",
        "The names of an object's properties.",
        "objectKeys(createObject('a', 1))",
        ["a"],
        _object_keys,
    ),
    _row("range(start, count)", "Whole numbers one after the other.", "range(3, 3)", [3, 4, 5], _range),
    _row(
        "shallowMerge(objects)",
        "Objects as one; what comes later wins.",
        "shallowMerge(createArray(createObject('a', 1), createObject('a', 2)))",
        {"a": 2},
        _shallow_merge,
    ),
    _row("skip(value, count)", "All but the first items or characters.", "skip('oven', 2)", "en", _skip),
    _row(
        "take(value, count)", "The first items or characters, as far as they are there.", "take('oven', 2)", "ov", _take
    ),
    _row(
        "tryGet(value, step, ...)",
        "A property or an item; null where it is not there.",
        "tryGet(createObject('a', 1), 'b')",
        None,
        _try_get,
    ),
    _row(
        "tryIndexFromEnd(array, position)",
        "An item counted from the end, of which the last is 1; null where it is not there.",
        "tryIndexFromEnd(createArray(1, 2), 1)",
        2,
        _index_from_end,
    ),
    _row(
        "union(value, ...)",
        "Arrays without what is there twice, or objects as one, deeply; what comes later wins.",
        "union(createArray(1, 2), createArray(2, 3))",
        [1, 2, 3],
        _union,
    ),
)
"""The functions of arrays and objects."""
