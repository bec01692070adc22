"""`tidegate import mosquitto`: the bridges of a mosquitto configuration as manifests, on standard output.

Knows files and what is printed. What becomes of each line is told by `adapters/mosquitto.py`.
"""

import sys
from pathlib import Path
from typing import Any

from tidegate.cli.output import Json, NotUnderstood, Outcome, diagnostic_data, render_diagnostics, summary

__all__ = ["EXAMPLES", "FILE_BYTES_MAX", "arguments", "mosquitto"]

EXAMPLES = (
    ("Turn bridges into manifests.", "tidegate import mosquitto /etc/mosquitto/conf.d/bridge.conf > bridge.yaml"),
    ("Say where the broker of this configuration is.", "tidegate import mosquitto bridge.conf --local-host edge:1883"),
)

FILE_BYTES_MAX = 4 * 1024 * 1024


def arguments(context: Any) -> None:  # Any: knack's ArgumentsContext, which is untyped
    """Declare the options."""
    context.positional("file", metavar="FILE", help="Configuration with `connection` sections.")
    context.argument(
        "local_host",
        options_list=["--local-host"],
        metavar="HOST:PORT",
        help="Where the broker of this configuration is reached without TLS. Default: a listener of the configuration.",
    )


def mosquitto(file: str, local_host: str | None = None) -> Outcome:
    """Return the resources; what there is to say is on standard error, and the exit code 1 where something was refused."""
    from tidegate.adapters.mosquitto import import_bridges, mentioned_files
    from tidegate.diagnostics import has_errors
    from tidegate.resources.values import HostError, parse_host
    from tidegate.resources.yaml_writer import write_documents

    if local_host is not None:
        try:
            parse_host(local_host)
        except HostError as error:
            raise NotUnderstood(f"--local-host is {local_host!r}: {error}", "write HOST:PORT") from None
    text = _text(Path(file))
    if text is None:
        raise NotUnderstood(f"{file} cannot be read as text", "name the configuration of a mosquitto")
    contents = {name: content for name in mentioned_files(text) if (content := _text(Path(name))) is not None}
    found = import_bridges(text, file, contents, local_host=local_host)
    print(render_diagnostics(found.diagnostics, {file: found.shown}, stream=sys.stderr), end="", file=sys.stderr)
    count = sum(1 for each in found.documents if each["kind"] == "Dataflow")
    flows = f"{count} data flow{'' if count == 1 else 's'}"
    print(f"{summary(found.diagnostics)}; {flows}", file=sys.stderr)
    data: Json = {"resources": list(found.documents), "findings": [diagnostic_data(each) for each in found.diagnostics]}
    yaml = write_documents(list(found.documents)) if found.documents else ""
    return Outcome(data, yaml, 1 if has_errors(found.diagnostics) else 0)


def _text(path: Path) -> str | None:
    """Return what a file says, None where it cannot be read or is no text."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
        return content.decode() if len(content) <= FILE_BYTES_MAX else None
    except (OSError, UnicodeDecodeError):
        return None
