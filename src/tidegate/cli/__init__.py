"""The command line, one verb a file.

Knows the verbs and where each lives; a verb's file is imported when it is used, and imports what it needs when it runs.
Does not know how anything is done, and never prints outside `output` and the verbs.

A verb is a row in `VERBS` and a file `cli/<verb>.py` (of several words: of the first, for the group, or of all) with

- a function named after the verb, whose keyword arguments are its options and which returns an `output.Outcome`, or
  None when it has printed what there is to say and all is well;
- `arguments(context)`, which declares the options with knack's `ArgumentsContext`;
- `EXAMPLES`, pairs of what one wants and what one types, for `--help`.
"""

import sys
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["GROUPS", "VERBS", "Verb", "main"]


class Verb(NamedTuple):
    """One verb: the module that has it, one line for `tidegate --help`, and its function where that has another name."""

    module: str
    summary: str
    function: str | None = None


VERBS = {
    "apply": Verb("tidegate.cli.apply", "Create and change stored resources to what manifests say."),
    "check": Verb("tidegate.cli.check", "Check what is declared and what runs, and try every endpoint."),
    "bicep build": Verb("tidegate.cli.bicep", "Make an ARM template of a Bicep file.", "build"),
    "completion": Verb("tidegate.cli.completion", "Print what makes a shell complete commands."),
    "create configmap": Verb("tidegate.cli.create", "Store files and texts as a config map.", "configmap"),
    "create secret generic": Verb("tidegate.cli.create", "Store files and texts as a secret.", "generic"),
    "delete": Verb("tidegate.cli.delete", "Remove stored resources."),
    "deployment group create": Verb(
        "tidegate.cli.deployment",
        "Create and change stored resources to what a Bicep file or a template makes.",
        "create",
    ),
    "deployment group validate": Verb("tidegate.cli.deployment", "Check what a template makes.", "validate"),
    "deployment group what-if": Verb("tidegate.cli.deployment", "Show what a deployment would change.", "what_if"),
    "diff": Verb("tidegate.cli.diff", "Show what manifests would change in the store."),
    "dataflow apply": Verb("tidegate.cli.dataflow", "Create or replace a data flow as a file says.", "apply"),
    "dataflow delete": Verb("tidegate.cli.dataflow", "Delete a data flow.", "delete"),
    "dataflow endpoint apply": Verb(
        "tidegate.cli.dataflow_endpoint", "Create or replace an endpoint as a file says.", "apply"
    ),
    "dataflow endpoint create custom-mqtt": Verb(
        "tidegate.cli.dataflow_endpoint", "Create or replace an endpoint of any MQTT broker.", "create_custom_mqtt"
    ),
    "dataflow endpoint create eventgrid": Verb(
        "tidegate.cli.dataflow_endpoint", "Create or replace an endpoint of Azure Event Grid.", "create_eventgrid"
    ),
    "dataflow endpoint create local-mqtt": Verb(
        "tidegate.cli.dataflow_endpoint", "Create or replace an endpoint of the local broker.", "create_local_mqtt"
    ),
    "dataflow endpoint delete": Verb("tidegate.cli.dataflow_endpoint", "Delete an endpoint.", "delete"),
    "dataflow endpoint list": Verb("tidegate.cli.dataflow_endpoint", "List endpoints.", "endpoints"),
    "dataflow endpoint show": Verb("tidegate.cli.dataflow_endpoint", "Show an endpoint.", "show"),
    "dataflow endpoint update custom-mqtt": Verb(
        "tidegate.cli.dataflow_endpoint",
        "Change single settings of an endpoint of any MQTT broker.",
        "update_custom_mqtt",
    ),
    "dataflow endpoint update eventgrid": Verb(
        "tidegate.cli.dataflow_endpoint",
        "Change single settings of an endpoint of Azure Event Grid.",
        "update_eventgrid",
    ),
    "dataflow endpoint update local-mqtt": Verb(
        "tidegate.cli.dataflow_endpoint",
        "Change single settings of an endpoint of the local broker.",
        "update_local_mqtt",
    ),
    "dataflow list": Verb("tidegate.cli.dataflow", "List data flows.", "dataflows"),
    "dataflow profile apply": Verb(
        "tidegate.cli.dataflow_profile", "Create or replace a profile as a file says.", "apply"
    ),
    "dataflow profile create": Verb("tidegate.cli.dataflow_profile", "Create or replace a profile.", "create"),
    "dataflow profile delete": Verb("tidegate.cli.dataflow_profile", "Delete a profile and its data flows.", "delete"),
    "dataflow profile list": Verb("tidegate.cli.dataflow_profile", "List profiles.", "profiles"),
    "dataflow profile show": Verb("tidegate.cli.dataflow_profile", "Show a profile.", "show"),
    "dataflow profile update": Verb("tidegate.cli.dataflow_profile", "Change single settings of a profile.", "update"),
    "dataflow show": Verb("tidegate.cli.dataflow", "Show a data flow.", "show"),
    "emulate eventgrid": Verb("tidegate.cli.emulate_eventgrid", "Emulate an Event Grid namespace.", "eventgrid"),
    "emulate identity": Verb("tidegate.cli.emulate_identity", "Emulate the endpoints of identities.", "identity"),
    "eval": Verb("tidegate.cli.eval", "Compute an expression, to try it before it is used.", "evaluate"),
    "import mosquitto": Verb(
        "tidegate.cli.import_mosquitto", "Turn bridges of a mosquitto into manifests.", "mosquitto"
    ),
    "export": Verb("tidegate.cli.export", "Write stored resources out in a notation."),
    "get": Verb("tidegate.cli.get", "Show resources."),
    "history": Verb("tidegate.cli.history", "Show who changed stored resources when."),
    "plan": Verb("tidegate.cli.plan", "Show what would change in the engine that runs, and what that does."),
    "pub": Verb("tidegate.cli.pub", "Publish a message."),
    "rollback": Verb("tidegate.cli.rollback", "Bring stored resources back to what they said before."),
    "route": Verb("tidegate.cli.route", "Show which data flows take a topic, what comes out, and why others do not."),
    "run": Verb("tidegate.cli.run", "Run what is declared until told to stop."),
    "schema add": Verb("tidegate.cli.schema", "Add a schema to a registry.", "add"),
    "schema list": Verb("tidegate.cli.schema", "List the schemas of a registry.", "show_all"),
    "schema show": Verb("tidegate.cli.schema", "Show a schema of a registry.", "show"),
    "simulate": Verb("tidegate.cli.simulate", "Be a few ovens and thermostats that send what they measure."),
    "statestore delete": Verb("tidegate.cli.statestore", "Remove a key of a state store.", "delete"),
    "statestore get": Verb("tidegate.cli.statestore", "Show the value of a key of a state store.", "get"),
    "statestore list": Verb("tidegate.cli.statestore", "List the keys of a state store.", "show"),
    "statestore set": Verb("tidegate.cli.statestore", "Give a key of a state store a value.", "set_value"),
    "status": Verb("tidegate.cli.status", "Show how every data flow of a running engine is."),
    "sub": Verb("tidegate.cli.sub", "Print messages as they come."),
    "test": Verb("tidegate.cli.test", "Run flow tests: messages in, messages or drops expected out, no broker."),
    "token create": Verb("tidegate.cli.token", "Make a token for a client of the embedded broker.", "create"),
    "trace": Verb("tidegate.cli.trace", "Show what a data flow makes of a message, rule by rule."),
    "user add": Verb("tidegate.cli.user", "Add a user of the embedded broker, or change a password.", "add"),
    "user delete": Verb("tidegate.cli.user", "Remove a user of the embedded broker.", "delete"),
    "user list": Verb("tidegate.cli.user", "List the users of the embedded broker.", "show"),
    "validate": Verb("tidegate.cli.validate", "Check declared resources, and say what is wrong and how to mend it."),
    "version": Verb("tidegate.cli.version", "Show the versions of Tidegate and what it stands on."),
}

GROUPS = {
    "bicep": "Bicep files.",
    "create": "Secrets and config maps of the resource store.",
    "create secret": "Secrets of the resource store.",
    "dataflow": "Data flows, in the words of az: `tidegate iot ops dataflow` is the same.",
    "dataflow endpoint": "Endpoints of data flows.",
    "dataflow endpoint create": "Create or replace an endpoint.",
    "dataflow endpoint update": "Change single settings of an endpoint.",
    "dataflow profile": "Profiles of data flows.",
    "deployment": "Bicep files and templates of Azure Resource Manager.",
    "deployment group": "Deployments; there is one resource group.",
    "emulate": "Stand-ins for parts of Azure, for tests: they are not Azure.",
    "statestore": "Keys and values at a broker, which data sets are read from.",
    "import": "Configurations of other programs, turned into manifests.",
    "schema": "Schemas that data flows refer to, in a folder.",
    "token": "Service account tokens for clients of the embedded broker.",
    "user": "Users of the embedded broker's listeners with the method UsernamePassword.",
}
"""The first words of verbs that have several, and one line for each."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 not understood, 3 not there."""
    from tidegate.cli.application import Application

    typed = sys.argv[1:] if arguments is None else list(arguments)
    if typed[:2] == ["iot", "ops"]:
        typed = typed[2:]
    elif typed[:1] == ["iot"]:
        from tidegate.cli.output import print_error

        print_error("`iot` is no command", "did you mean `iot ops`?")
        return 2
    return Application(VERBS).run(typed)
