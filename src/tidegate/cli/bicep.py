"""`tidegate bicep build`: make an ARM template of a Bicep file.

Knows what is printed and written. The language is `tidegate.bicep`'s.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tidegate.cli.output import Outcome, diagnostic_data, print_error, render_diagnostics, summary

__all__ = ["EXAMPLES", "arguments", "build"]

EXAMPLES = (
    ("Write main.json beside main.bicep.", "tidegate bicep build main.bicep"),
    ("Print the template.", "tidegate bicep build main.bicep --stdout"),
    ("Write it somewhere else.", "tidegate bicep build main.bicep --outfile template.json"),
)


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    context.positional("file", metavar="FILE", help="The Bicep file.")
    context.argument("stdout", options_list=["--stdout"], action="store_true", help="Print the template.")
    context.argument(
        "outfile", options_list=["--outfile"], metavar="FILE", help="Where to write it. Default: beside FILE, as .json."
    )


def build(file: str, stdout: bool = False, outfile: str | None = None) -> Outcome:
    """Compile a file; the exit code is 1 when anything in it is wrong. Findings go to standard error."""
    from tidegate.engine.template_files import read_template_file

    made = read_template_file(file)
    sys.stderr.write(render_diagnostics(made.diagnostics, made.lines, stream=sys.stderr))
    if made.template is None:
        print(summary(made.diagnostics), file=sys.stderr)
        return Outcome([diagnostic_data(each) for each in made.diagnostics], "", 1)
    template = made.template.plain()
    text = json.dumps(template, indent=2, ensure_ascii=False) + "\n"
    if stdout:
        return Outcome(template, text)
    target = Path(outfile) if outfile is not None else Path(file).with_suffix(".json")
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        print_error(f"{target} cannot be written: {error.strerror}", "choose another file with --outfile")
        return Outcome(None, "", 1)
    return Outcome({"file": str(target)}, f"{target} written\n")
