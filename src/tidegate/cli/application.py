"""knack, shaped to our voice: errors on standard error with a hint, text by default, nothing written to the home folder.

Knows how a command line becomes a call. Does not know any verb: rows and modules come from `cli/__init__.py`.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from typing import Any, NoReturn

from argcomplete.finders import CompletionFinder
from knack.arguments import ArgumentsContext
from knack.cli import CLI
from knack.commands import CLICommand, CLICommandsLoader, CommandGroup
from knack.completion import ARGCOMPLETE_ENV_NAME, CLICompletion
from knack.config import CLIConfig
from knack.help import CLIHelp, CommandHelpFile
from knack.help_files import helps
from knack.invocation import CommandInvoker
from knack.log import CLILogging
from knack.output import OutputProducer
from knack.parser import CLICommandParser
from knack.validators import DefaultInt, DefaultStr

import tidegate
from tidegate.cli import GROUPS, Verb
from tidegate.cli.completers import PathCompleter
from tidegate.cli.kind_words import NotFound
from tidegate.cli.output import NotUnderstood, Outcome, print_error, render_diagnostics
from tidegate.exceptions import DeclarationError, TidegateError

__all__ = ["Application"]


class Application:
    """The command line of `verbs`."""

    def __init__(self, verbs: Mapping[str, Verb]) -> None:
        self._verbs = verbs

    def run(self, arguments: list[str]) -> int:
        """Run one command, and return its exit code."""
        cli = _Cli(self._verbs)
        try:
            code = cli.invoke(arguments)
        except SystemExit as stop:
            code = stop.code
        except BrokenPipeError:
            sys.stderr.close()
            return 1
        if code is None or isinstance(code, int):
            return code or cli.exit_code
        print_error(str(code))
        return 1


# knack is untyped; Any stands for its classes and for whatever it hands to overridden methods.


class _Config(CLIConfig):  # type: ignore[misc]  # an untyped base
    """No configuration: there is no file, and no folder is made for one."""

    def __init__(self, **_: Any) -> None:
        self.config_dir = ""
        self.defaults_section_name = "defaults"
        self.use_local_config = False

    def get(self, section: str, option: str, fallback: Any = None) -> Any:
        return fallback

    def getboolean(self, section: str, option: str, fallback: Any = None) -> Any:
        return fallback

    def set_value(self, section: str, option: str, value: str) -> None:
        """Keep nothing."""

    def set_to_use_local_config(self, use_local_config: bool) -> None:
        """There is none."""


class _Logging(CLILogging):  # type: ignore[misc]  # an untyped base
    """No logging of its own: verbs that log set it up themselves."""

    def __init__(self, name: str, cli_ctx: Any = None) -> None:
        self.cli_ctx = cli_ctx

    def configure(self, args: list[str]) -> None:
        """Leave the loggers alone."""


class _Finder(CompletionFinder):
    """Offers options where one is begun, or where nothing else can stand."""

    def collect_completions(
        self, active_parsers: list[argparse.ArgumentParser], parsed_args: argparse.Namespace, cword_prefix: str
    ) -> list[str]:
        found = super().collect_completions(active_parsers, parsed_args, cword_prefix)
        parser: Any = active_parsers[-1]  # Any: argcomplete adds what the parser expects next
        if found or cword_prefix or parser.active_actions:
            return found
        self.always_complete_options = "long"
        return super().collect_completions(active_parsers, parsed_args, cword_prefix)


class _Completion(CLICompletion):  # type: ignore[misc]  # an untyped base
    """Completes the line in $COMP_LINE, which a shell asks for by $_ARGCOMPLETE (`tidegate completion`)."""

    def get_completion_args(self, is_completion: bool = False, comp_line: str | None = None) -> Any:
        words = super().get_completion_args(is_completion, comp_line)
        if words and words[:2] == ["iot", "ops"]:
            # It says at which word the command begins: here as in `python -m COMMAND`.
            os.environ[ARGCOMPLETE_ENV_NAME] = "3"
            return words[2:]
        return words

    def enable_autocomplete(self, parser: Any) -> None:
        if self.cli_ctx.data["completer_active"]:
            _Finder()(
                parser,
                always_complete_options=False,
                validator=lambda word, begun: word.lower().startswith(begun.lower()),
                default_completer=PathCompleter(),
            )


class _Output(OutputProducer):  # type: ignore[misc]  # an untyped base
    """Text for people by default, and the formats of knack."""

    FORMATS = ("text", "json", "yaml", "table", "tsv", "name", "none")

    def __init__(self, cli_ctx: Any = None) -> None:
        from knack.events import EVENT_INVOKER_POST_PARSE_ARGS, EVENT_PARSER_GLOBAL_CREATE

        self.cli_ctx = cli_ctx
        cli_ctx.register_event(EVENT_PARSER_GLOBAL_CREATE, self._add_option)
        cli_ctx.register_event(EVENT_INVOKER_POST_PARSE_ARGS, OutputProducer.handle_output_argument)

    def get_formatter(self, format_type: str) -> Any:
        if format_type == "text" or format_type in self.cli_ctx.forms:
            return partial(self._text, format_type)
        if format_type == "name":
            raise NotUnderstood("this command has no names to print", "use another format for `-o`")
        return super().get_formatter(format_type)

    @classmethod
    def _add_option(cls, _: Any, arg_group: Any, **__: Any) -> None:
        arg_group.add_argument(
            "--output",
            "-o",
            dest=OutputProducer.ARG_DEST,
            choices=cls.FORMATS,
            default="text",
            help="Output format.",
            type=str.lower,
        )

    def _text(self, format_type: str, result: Any) -> str:
        if result.is_query_active:
            if format_type in OutputProducer._FORMAT_DICT:
                return str(super().get_formatter(format_type)(result))
            return json.dumps(result.result, indent=2, ensure_ascii=False) + "\n"
        return str(self.cli_ctx.forms.get(format_type, self.cli_ctx.text))


_HOW_TO_WRITE = {
    "int": "write a whole number",
    "float": "write a number",
    "jmespath_type": "write a JMESPath expression, such as `[].name`",
}
"""Types of options whose own words for a wrong value are those of a program, and what to write."""


class _Parser(CLICommandParser):  # type: ignore[misc]  # an untyped base
    """Says what was not understood, what was probably meant, and exits 2."""

    def error(self, message: str) -> NoReturn:
        for action_name in ("_command", "_subcommand"):
            message = message.replace(f"required: {action_name}", "required: COMMAND")
        self._refuse(message, f"see `{self.prog} --help`")

    def _refuse(self, message: str, hint: str) -> NoReturn:
        print_error(message, hint)
        self.exit(2)
        raise AssertionError

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """Let a verb have `-h` for itself, as mosquitto's clients have it for the host; `--help` stays."""
        if "-h" in names and "--help" not in names:
            del self._option_string_actions["-h"]
        action: argparse.Action = super().add_argument(*names, **settings)
        return action

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[argparse.Namespace, list[str]]:
        """Refuse what the parser of a command does not know: no other could take it, nor name what was meant."""
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown and self._subparsers is None:
            typed = unknown[0].partition("=")[0]
            if not typed.startswith("-"):
                self.error(f"`{typed}` is more than `{self.prog}` takes")
            meant = get_close_matches(typed, self._option_string_actions, n=1, cutoff=0.75)
            hint = f"did you mean `{meant[0]}`?" if meant else f"see `{self.prog} --help`"
            self._refuse(f"`{typed}` is no option of `{self.prog}`", hint)
        return parsed, unknown

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError as error:
            hint = _HOW_TO_WRITE.get(getattr(action.type, "__name__", ""))
            # Types of our own have said in words what is wrong.
            if hint is not None and error.message.startswith("invalid "):
                name = "/".join(action.option_strings) or action.metavar
                self._refuse(f"`{arg_string}` is no value for {name}", hint)
            raise

    @staticmethod
    def _expand_prefixed_files(args: list[str]) -> list[str]:
        """Leave `@` alone: a payload or a form that begins with it is no name of a file."""
        return args

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        choices = [str(choice) for choice in action.choices or ()]
        if not choices or str(value) in choices:
            return
        meant = get_close_matches(str(value), choices, n=1)
        there = "there is" if len(choices) == 1 else "there are"
        hint = f"did you mean `{meant[0]}`?" if meant else f"{there} {', '.join(choices)}"
        name = action.option_strings[0] if action.option_strings else action.metavar
        what = "command" if action.dest in ("_command", "_subcommand") else f"value for {name}"
        self._refuse(f"`{value}` is no {what}", hint)


class _CommandHelp(CommandHelpFile):  # type: ignore[misc]  # an untyped base
    """The help of a verb; where the verb has `-h` for itself, its help says `--help` only."""

    def __init__(self, context: Any, delimiters: str, parser: _Parser) -> None:
        super().__init__(context, delimiters, parser)
        if parser._option_string_actions["-h"].dest != "help":
            for parameter in self.parameters:
                if parameter.name == "--help -h":
                    parameter.name = "--help"


class _Help(CLIHelp):  # type: ignore[misc]  # an untyped base
    def __init__(self, cli_ctx: Any = None) -> None:
        welcome = f"{tidegate.__doc__.splitlines()[0] if tidegate.__doc__ else ''}\n"
        super().__init__(cli_ctx, welcome_message=welcome, command_help_cls=_CommandHelp)

    def show_privacy_statement(self) -> None:
        """There is nothing to state: nothing is collected."""


class _Loader(CLICommandsLoader):  # type: ignore[misc]  # an untyped base
    """The command table, from the rows of verbs."""

    def load_command_table(self, args: list[str]) -> Any:
        with CommandGroup(self, "", "{}", deprecate_info=None) as group:
            for name, verb in self.cli_ctx.verbs.items():
                group.command(name, f"{verb.module}#{verb.function or name}")
                helps[name] = json.dumps({"type": "command", "short-summary": verb.summary})
        for name, summary in GROUPS.items():
            helps[name] = json.dumps({"type": "group", "short-summary": summary})
        return super().load_command_table(args)

    def create_command(self, name: str, operation: str, **settings: Any) -> Any:
        command = super().create_command(name, operation, **settings)
        command.description = self.cli_ctx.verbs[name].summary
        command.handler = partial(self._call, command.handler)
        return command

    def load_arguments(self, command: str) -> None:
        if command in self.cli_ctx.verbs:
            verb = self.cli_ctx.verbs[command]
            module = import_module(verb.module)
            with ArgumentsContext(self, command) as context:
                module.arguments(context)
            examples = [{"name": what, "text": typed} for what, typed in module.EXAMPLES]
            helps[command] = json.dumps({"type": "command", "short-summary": verb.summary, "examples": examples})
        super().load_arguments(command)

    def _call(self, handler: Any, arguments: dict[str, Any]) -> Any:
        # knack marks defaults with subclasses of str and int, which its own JSON does not know how to write.
        for name, value in arguments.items():
            if isinstance(value, DefaultStr):
                arguments[name] = str(value)
            elif isinstance(value, DefaultInt):
                arguments[name] = int(value)
        outcome = handler(arguments)
        if not isinstance(outcome, Outcome):
            return None
        self.cli_ctx.text, self.cli_ctx.forms, self.cli_ctx.exit_code = outcome.text, outcome.forms, outcome.exit_code
        return outcome.data


class _Cli(CLI):  # type: ignore[misc]  # an untyped base
    def __init__(self, verbs: Mapping[str, Verb]) -> None:
        self.verbs = verbs
        self.text = ""
        self.forms: Mapping[str, str] = {}
        self.exit_code = 0
        super().__init__(
            cli_name="tidegate",
            out_file=sys.stdout,
            config_cls=_Config,
            completion_cls=_Completion,
            logging_cls=_Logging,
            invocation_cls=CommandInvoker,
            output_cls=_Output,
            parser_cls=_Parser,
            commands_loader_cls=partial(_Loader, command_cls=CLICommand),
            help_cls=_Help,
        )

    def show_version(self) -> None:
        print(tidegate.__version__, file=self.out_file)

    def exception_handler(self, ex: Exception) -> int:
        if isinstance(ex, NotUnderstood):
            print_error(str(ex), ex.hint)
            return 2
        if isinstance(ex, NotFound):
            print_error(str(ex), ex.hint)
            return 3
        if isinstance(ex, DeclarationError):
            print(render_diagnostics(ex.diagnostics, {}, stream=sys.stderr), end="", file=sys.stderr)
            return 1
        if isinstance(ex, TidegateError):
            print_error(str(ex), getattr(ex, "hint", None))
            return 1
        raise ex
