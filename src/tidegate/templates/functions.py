"""All functions of templates by their names, and those of Azure that make no sense here, with the reason.

Knows names. What each function does is in the file of its group.
"""

from tidegate.resources.findings import closest
from tidegate.templates.array_functions import ARRAY_ROWS
from tidegate.templates.date_functions import DATE_ROWS
from tidegate.templates.function import TemplateFunction
from tidegate.templates.lambda_functions import LAMBDA_ROWS
from tidegate.templates.number_functions import LOGIC_ROWS, NUMBER_ROWS
from tidegate.templates.resource_functions import RESOURCE_ROWS
from tidegate.templates.template_error import TemplateError
from tidegate.templates.text_functions import TEXT_ROWS

__all__ = ["FUNCTIONS", "REFUSED", "ROWS", "find_function"]

ROWS: tuple[TemplateFunction, ...] = (
    *TEXT_ROWS,
    *ARRAY_ROWS,
    *LAMBDA_ROWS,
    *NUMBER_ROWS,
    *LOGIC_ROWS,
    *DATE_ROWS,
    *RESOURCE_ROWS,
)
"""Every function, in the order of the reference page."""

FUNCTIONS = {row.name.lower(): row for row in ROWS}

_ASKS_AZURE = "it asks Azure, which is not there; give what it would return as a parameter"
REFUSED = {
    "newGuid": "it is another one at each deployment, so that nothing would ever be unchanged; use `guid` or `uniqueString`",
    "getSecret": "it asks a key vault; create a secret with `tidegate create secret`",
    "pickZones": _ASKS_AZURE,
    "providers": _ASKS_AZURE,
    "managementGroup": "only deployments to a resource group are known",
    "managementGroupResourceId": "only deployments to a resource group are known",
    "list": _ASKS_AZURE,
    "listKeys": _ASKS_AZURE,
    "listSecrets": _ASKS_AZURE,
    "listAccountSas": _ASKS_AZURE,
    "cidrSubnet": "data flows have no networks",
    "cidrHost": "data flows have no networks",
    "parseCidr": "data flows have no networks",
}
"""Functions that Azure has and this does not, and why."""

_REFUSED = {name.lower(): reason for name, reason in REFUSED.items()}


def find_function(name: str) -> TemplateFunction:
    """Return a function; upper and lower case do not matter. Raises `TemplateError` with what was probably meant."""
    found = FUNCTIONS.get(name.lower())
    if found is not None:
        return found
    if name.lower() in _REFUSED:
        raise TemplateError(f"the function `{name}` is not supported: {_REFUSED[name.lower()]}")
    if "." in name:
        message = f"there is no function `{name}`; functions of your own are not supported"
        raise TemplateError(message, "write out what it computes")
    near = closest(name, [row.name for row in ROWS])
    hint = f"did you mean `{near}`?" if near else "the reference of templates lists all functions"
    raise TemplateError(f"there is no function `{name}`", hint)
