"""The lines of a mosquitto configuration (mosquitto.conf(5)): an option and its value each.

Knows comments and which values are secret. Does not know what options mean.
"""

from dataclasses import dataclass

__all__ = ["SECRET_OPTIONS", "Line", "masked", "read_lines"]

SECRET_OPTIONS = frozenset({"password", "remote_password", "local_password", "bridge_psk"})
MASK = "***"


@dataclass(frozen=True, slots=True)
class Line:
    """One option. `number` and `column` count from 1 and are those of the option; `value` is the rest, without blanks around."""

    number: int
    column: int
    option: str
    value: str

    @property
    def words(self) -> list[str]:
        """The words of the value; two quotes stand for an empty one."""
        return ["" if word == '""' else word for word in self.value.split()]

    @property
    def is_true(self) -> bool:
        """Whether the value says yes."""
        return self.value.lower() in ("true", "1")


def read_lines(text: str) -> list[Line]:
    """Return the options of a configuration; empty lines and comments are none."""
    lines = []
    for number, row in enumerate(text.splitlines(), 1):
        begun = row.lstrip()
        if begun and not begun.startswith("#"):
            option, *rest = begun.split(maxsplit=1)
            lines.append(Line(number, len(row) - len(begun) + 1, option, rest[0].strip() if rest else ""))
    return lines


def masked(text: str) -> str:
    """Return a configuration as it may be shown: without its passwords and keys."""
    rows = text.splitlines()
    for line in read_lines(text):
        if line.option.lower() in SECRET_OPTIONS:
            rows[line.number - 1] = " " * (line.column - 1) + f"{line.option} {MASK}"
    return "\n".join(rows)
