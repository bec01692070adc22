"""How much a template may ask for: each limit with its name, and the budget that an evaluation spends.

Knows numbers. Does not know what they are spent on.
"""

from tidegate.templates.template_error import TemplateError

__all__ = [
    "COPIES_MAX",
    "DEPTH_MAX",
    "EXPRESSION_CHARACTERS_MAX",
    "FINDINGS_MAX",
    "NESTED_TEMPLATES_MAX",
    "RANGE_MAX",
    "STEPS_MAX",
    "TEXT_CHARACTERS_MAX",
    "Budget",
]

EXPRESSION_CHARACTERS_MAX = 24_576
"""The length of an expression, as Azure Resource Manager has it."""

DEPTH_MAX = 64
"""How deep calls, brackets and values may nest."""

COPIES_MAX = 800
"""How often a copy loop may run, as Azure Resource Manager has it."""

RANGE_MAX = 10_000
"""How many numbers `range` gives."""

TEXT_CHARACTERS_MAX = 1_048_576
"""The length of any text that a function gives."""

FINDINGS_MAX = 200
"""How many findings are told; there is an error among them in any case."""

NESTED_TEMPLATES_MAX = 16
"""How deep deployments may nest."""

STEPS_MAX = 500_000
"""How many calls, and values inside of values, an evaluation may take."""

_CHARACTERS_OF_A_STEP = 64


class Budget:
    """What is left of the steps of one evaluation, so that no template takes for ever or fills the memory."""

    def __init__(self, steps: int = STEPS_MAX) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        """Spend steps. Raises `TemplateError` when there are none left."""
        self._left -= steps
        if self._left < 0:
            message = f"the template takes more than {STEPS_MAX} steps to evaluate"
            raise TemplateError(message, "make loops shorter, or split the template")

    def measure(self, value: object) -> None:
        """Spend what a value is made of. Raises `TemplateError` where it is too large, or deeper than `DEPTH_MAX`."""
        waiting = [(value, 1)]
        while waiting:
            each, depth = waiting.pop()
            if depth > DEPTH_MAX:
                raise TemplateError(f"the value nests deeper than {DEPTH_MAX} levels")
            if isinstance(each, str):
                if len(each) > TEXT_CHARACTERS_MAX:
                    raise TemplateError(f"the text is longer than {TEXT_CHARACTERS_MAX} characters")
                self.spend(1 + len(each) // _CHARACTERS_OF_A_STEP)
            elif isinstance(each, dict):
                self.spend(1 + len(each))
                waiting += [(child, depth + 1) for child in each.values()]
            elif isinstance(each, list):
                self.spend(1 + len(each))
                waiting += [(child, depth + 1) for child in each]
            else:
                self.spend(1)
