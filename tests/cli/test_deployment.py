"""`tidegate deployment group`: the Bicep of the page that the project started from, placeholders filled in, and templates."""

import json

import pytest
from tests.cli.stores import Shell

GRID = "mynamespace.eastus-1.ts.eventgrid.azure.net"
HEAD = """\
param aioInstanceName string = 'myAioInstance'
param customLocationName string = 'myLocation'
param endpointName string = 'remote'
param host string = '{host}'
resource aioInstance 'Microsoft.IoTOperations/instances@2024-11-01' existing = {{
  name: aioInstanceName
}}
resource customLocation 'Microsoft.ExtendedLocation/customLocations@2021-08-31-preview' existing = {{
  name: customLocationName
}}
resource endpoint 'Microsoft.IoTOperations/instances/dataflowEndpoints@2024-11-01' = {{
  parent: aioInstance
  name: endpointName
  extendedLocation: {{
    name: customLocation.id
    type: 'CustomLocation'
  }}
  properties: {{
    endpointType: 'Mqtt'
    mqttSettings: {{
      host: host
"""
TAIL = "    }\n  }\n}\n"
TOKEN = """\
      authentication: {
        method: 'ServiceAccountToken'
        serviceAccountTokenSettings: {
          audience: 'aio-internal'
        }
      }
"""
SYSTEM = """\
      authentication: {
        method: 'SystemAssignedManagedIdentity'
        systemAssignedManagedIdentitySettings: {}
      }
"""
USER = """\
      authentication: {
        method: 'UserAssignedManagedIdentity'
        userAssignedManagedIdentitySettings: {
          clientId: 'c'
          tenantId: 't'
          // Optional, defaults to 'https://eventgrid.azure.net/.default'
          // scope: 'https://<SCOPE_URL>'
        }
      }
"""
X509 = """\
      authentication: {
        method: 'X509Certificate'
        x509CertificateSettings: {
          secretRef: 'client'
        }
      }
"""
ANONYMOUS = "      authentication: {\n        method: 'Anonymous'\n      }\n"
TRUSTED = """\
      tls: {
        mode: 'Enabled'
        trustedCaCertificateConfigMapRef: 'azure-iot-operations-aio-ca-trust-bundle'
      }
"""
ENABLED = "      tls: {\n        mode: 'Enabled' // or 'Disabled'\n      }\n"
SETTINGS = """\
      qos: 1
      retain: 'Keep'
      sessionExpirySeconds: 3600
      keepAliveSeconds: 60
      maxInflightMessages: 100
      protocol: 'WebSockets'
      clientIdPrefix: 'dataflow'
      cloudEventAttributes : 'Propagate' // or 'CreateOrRemap'
"""
DEPLOY = ["deployment", "group", "create", "--resource-group", "myResourceGroup", "--template-file", "main.bicep"]


def bicep(host: str, *parts: str) -> str:
    return HEAD.format(host=host) + "".join(parts) + TAIL


@pytest.mark.parametrize(
    ("host", "parts", "method"),
    [
        ("aio-broker:18883", (TOKEN, TRUSTED), "ServiceAccountToken"),
        (f"{GRID}:8883", (SYSTEM, ENABLED), "SystemAssignedManagedIdentity"),
        (f"{GRID}:8883", (USER, ENABLED), "UserAssignedManagedIdentity"),
        ("mycustombroker.contoso.com:8883", (X509, ENABLED), "X509Certificate"),
        ("mycustombroker.contoso.com:8883", (ANONYMOUS, ENABLED, SETTINGS), "Anonymous"),
    ],
)
def test_the_pages_files_are_deployed(shell: Shell, host: str, parts: tuple[str, ...], method: str) -> None:
    shell.write("main.bicep", bicep(host, *parts))
    shell.write("pem", "x")
    shell.type(
        *["create", "secret", "generic", "client", "--from-file=client_cert.pem=pem", "--from-file=client_key.pem=pem"]
    )
    assert shell.type(*DEPLOY) == 0, shell.err
    assert shell.out == "DataflowEndpoint/remote created\n"
    assert shell.type("dataflow", "endpoint", "show", "-n", "remote", "--query", "properties.mqttSettings") == 0
    settings = json.loads(shell.out)
    assert (settings["host"], settings["authentication"]["method"]) == (host, method)
    assert settings["tls"]["mode"] == "Enabled"
    if SETTINGS in parts:
        assert (settings["protocol"], settings["clientIdPrefix"]) == ("WebSockets", "dataflow")


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (SETTINGS.replace("'WebSockets'", "WebSockets"), "WebSockets"),
        ("      retain: Keep // or Never\n", "Keep"),
        (
            X509.replace("Settings: {", "Settings:").replace(
                "          secretRef: 'client'\n        }", "        secretRef: 'client'"
            ),
            ":",
        ),
    ],
)
def test_the_pages_own_mistakes_are_pointed_at(shell: Shell, part: str, said: str) -> None:
    shell.write("main.bicep", bicep("mqtt.example:8883", *([] if "authentication" in part else [ANONYMOUS]), part))
    assert shell.type(*DEPLOY) == 1
    assert shell.out == ""
    assert "--> main.bicep:" in shell.err
    assert "hint: " in shell.err
    assert said in shell.err


def test_parameters_outputs_and_what_if(shell: Shell) -> None:
    shell.write("main.bicep", bicep("mqtt.example:8883", ANONYMOUS, ENABLED), "output where string = host\n")
    shell.write("p.json", json.dumps({"parameters": {"host": {"value": "from.file:1"}}}))
    assert shell.type(*DEPLOY, "--what-if") == 0
    assert shell.out == "DataflowEndpoint/remote created (dry run)\n"
    assert shell.type("deployment", "group", "what-if", "-f", "main.bicep") == 0
    assert shell.type(*DEPLOY, "-p", "@p.json") == 0
    assert shell.out == 'DataflowEndpoint/remote created\nwhere = "from.file:1"\n'
    assert shell.type(*DEPLOY, "-p", "p.json", "-p", "host=typed:2", "endpointName=other", "-o", "json") == 0
    told = json.loads(shell.out)
    assert told["name"] == "main"
    assert told["properties"]["outputs"] == {"where": {"type": "string", "value": "typed:2"}}
    assert told["properties"]["outputResources"] == ["DataflowEndpoint/other"]
    assert shell.type("deployment", "group", "validate", "-f", "main.bicep") == 0


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["-p", "hos=x"], 1, "did you mean `host`?"),
        (["-p", "@none.json"], 1, "no such file"),
        (["-p", "what"], 2, "write NAME=VALUE"),
        (["-f", "none.bicep"], 1, "no such file"),
    ],
)
def test_what_cannot_be_deployed(shell: Shell, options: list[str], code: int, said: str) -> None:
    shell.write("main.bicep", bicep("mqtt.example:8883", ANONYMOUS, ENABLED))
    assert shell.type(*DEPLOY, *options) == code
    assert said in shell.err


def test_a_parameter_file_names_the_template(shell: Shell) -> None:
    shell.write("main.bicep", bicep("mqtt.example:8883", ANONYMOUS, ENABLED), "output where string = host\n")
    shell.write("other.bicep", "output nothing int = 0\n")
    shell.write("west.bicepparam", "using './main.bicep'\nparam host = 'west.example:8883'\n")
    group = ["deployment", "group", "create", "--parameters", "west.bicepparam"]
    assert shell.type(*group, "-o", "json") == 0, shell.err
    told = json.loads(shell.out)
    assert told["name"] == "main"
    assert told["properties"]["outputs"]["where"]["value"] == "west.example:8883"
    assert shell.type(*group, "-f", "main.bicep", "--what-if") == 0, shell.err
    assert shell.out == "DataflowEndpoint/remote unchanged (dry run)\n"
    assert shell.type(*group, "-f", "other.bicep") == 1
    assert "the parameters are for main.bicep, and the template is other.bicep\n  --> west.bicepparam:1:7" in shell.err
    assert shell.type(*group[:3], "-p", "host=x") == 2
    assert "give --template-file, or --parameters with a .bicepparam file" in shell.err


def test_a_template_in_json(shell: Shell) -> None:
    shell.write("main.bicep", bicep("mqtt.example:8883", ANONYMOUS, ENABLED))
    assert shell.type("bicep", "build", "main.bicep") == 0
    assert shell.type(*DEPLOY[:-1], "main.json") == 0, shell.err
    assert shell.out == "DataflowEndpoint/remote created\n"
    assert shell.type("export", "endpoint", "remote", "--as", "arm") == 0
    shell.write("again.json", shell.out)
    assert shell.type("delete", "endpoint", "remote") == 0
    assert shell.type(*DEPLOY[:-1], "again.json", "-p", "aioInstanceName=i", "-p", "customLocationName=c") == 0, (
        shell.err
    )


def test_a_secure_parameter_is_not_shown(shell: Shell) -> None:
    shell.write("main.bicep", "@secure()\nparam word string\n", bicep("mqtt.example:8883", ANONYMOUS, ENABLED))
    assert shell.type(*DEPLOY, "-p", "word=canary", "-o", "json") == 0
    assert "canary" not in shell.out + shell.err
