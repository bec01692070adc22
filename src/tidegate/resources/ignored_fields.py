"""Which fields of a resource are set and have no effect.

Knows the mark that such fields have in their models. Does not know any one kind.
"""

from collections.abc import Iterator

from tidegate.resources.base import WITHOUT_EFFECT, Model
from tidegate.resources.source_map import FieldPath

__all__ = ["ignored_fields"]


def ignored_fields(model: Model, path: FieldPath = ()) -> Iterator[tuple[FieldPath, str]]:
    """Yield the path of each marked field that is set to something else than its default, and why it has no effect."""
    for name, field in type(model).model_fields.items():
        if name not in model.model_fields_set:
            continue
        value = getattr(model, name)
        below = (*path, field.alias or name)
        extra = field.json_schema_extra
        reason = extra.get(WITHOUT_EFFECT) if isinstance(extra, dict) else None
        if isinstance(reason, str):
            if value != field.default:
                yield below, reason
        elif isinstance(value, Model):
            yield from ignored_fields(value, below)
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, Model):
                    yield from ignored_fields(item, (*below, index))
