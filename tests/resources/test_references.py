"""Names that lead nowhere: when to be silent about them. The sentences are in tests/cases/manifests."""

from tests.resources.manifests import CLOUD, DEFAULT, UPLINK, read

from tidegate.resources.finding_list import FindingList
from tidegate.resources.references import SecretNames, check_names, check_secrets

X509 = "{method: X509Certificate, x509CertificateSettings: {secretRef: client}}"


def codes(*texts: str, outside: SecretNames | None = None) -> list[str]:
    manifest = read(*texts)
    findings = FindingList(manifest.source_map)
    check_names(manifest.resources, "azure-iot-operations", findings)
    check_secrets(manifest.resources, frozenset({"default", "cloud"}), outside or SecretNames(), findings)
    return [diagnostic.code for diagnostic in findings.diagnostics]


def test_a_name_that_leads_nowhere_is_found() -> None:
    assert codes(DEFAULT, UPLINK) == ["missing-reference"]


def test_a_resource_that_is_there_but_does_not_validate_is_no_missing_one() -> None:
    assert codes(DEFAULT, UPLINK, CLOUD.replace("Mqtt\n", "Mqttt\n")) == []
    assert codes(DEFAULT, UPLINK, CLOUD.replace("DataflowEndpoint", "DataflowEndpiont")) == []


def test_nothing_is_missing_while_a_text_does_not_parse() -> None:
    assert codes(DEFAULT, UPLINK, "a: b: c") == []
    assert codes(DEFAULT, UPLINK, CLOUD.replace("{method: Anonymous}", X509), "a: b: c") == []


def test_secrets_of_used_endpoints() -> None:
    texts = (DEFAULT, UPLINK, CLOUD.replace("{method: Anonymous}", X509))
    assert codes(*texts) == ["missing-reference"]
    assert codes(*texts, outside=SecretNames({"client": frozenset()})) == ["missing-key", "missing-key"]
    both = frozenset({"client_cert.pem", "client_key.pem"})
    assert codes(*texts, outside=SecretNames({"client": both})) == []
    declared = "apiVersion: v1\nkind: Secret\nmetadata: {name: client}\nstringData: {client_cert.pem: x}\n"
    assert codes(*texts, declared, outside=SecretNames({"client": both})) == ["missing-key"], "declared ones come first"
