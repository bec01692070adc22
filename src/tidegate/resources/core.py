"""`Secret` and `ConfigMap` of Kubernetes, as far as endpoints refer to them.

Knows their two notations of content. Never shows the content of a secret.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from tidegate.resources.base import Resource

__all__ = ["ConfigMap", "Secret"]

# Kubernetes' rule for keys, which become names of files where they are mounted.
_KEY = re.compile(r"(?!\.\.)[-._a-zA-Z0-9]{1,253}")
_SHOWN_MAX = 40


def _base64(text: str) -> str:
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError(
            "base64",
            "{detail}",
            {"detail": "the value is not base64", "hint": "encode it, or write it as it is under `stringData`"},
        ) from None
    return text


def _content(content: dict[str, str]) -> dict[str, str]:
    for key in content:
        if _KEY.fullmatch(key) is None:
            detail = f"`{key[:_SHOWN_MAX]}` is no key; allowed are letters, digits, `-`, `_` and `.`, at most 253"
            raise PydanticCustomError("key", "{detail}", {"detail": detail, "hint": "a key is no path", "field": key})
    return content


Base64 = Annotated[str, AfterValidator(_base64)]


Texts = Annotated[dict[str, str], AfterValidator(_content)]
Binary = Annotated[dict[str, Base64], AfterValidator(_content)]


class Secret(Resource):
    """Keys, certificates and other content that is never shown."""

    kind_name: ClassVar[str] = "Secret"

    type: str = Field(default="Opaque", description="Kubernetes' type of the secret; no effect.")
    immutable: bool | None = Field(default=None, description="No effect.")
    data: Binary | None = Field(default=None, repr=False, description="Content by key, in base64.")
    string_data: Texts | None = Field(
        default=None, repr=False, description="Content by key, as text; wins over `data`."
    )

    @property
    def content(self) -> Mapping[str, bytes]:
        """The content by key."""
        content = {key: base64.b64decode("".join(text.split())) for key, text in (self.data or {}).items()}
        content.update((key, text.encode()) for key, text in (self.string_data or {}).items())
        return content


class ConfigMap(Resource):
    """Text by key, such as CA certificates."""

    kind_name: ClassVar[str] = "ConfigMap"

    immutable: bool | None = Field(default=None, description="No effect.")
    data: Texts | None = Field(default=None, description="Text by key.")
    binary_data: Binary | None = Field(default=None, description="Binary content by key, in base64.")

    @property
    def content(self) -> Mapping[str, str]:
        """The text by key; binary content counts where it is UTF-8."""
        content = dict(self.data or {})
        for key, text in (self.binary_data or {}).items():
            try:
                content[key] = base64.b64decode("".join(text.split())).decode()
            except UnicodeDecodeError:
                continue
        return content
