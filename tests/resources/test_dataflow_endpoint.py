"""Endpoints: defaults of facts 1.4, and what is kept unread. What is refused is in tests/cases/manifests."""

from tests.resources.manifests import CLOUD, read_clean

from tidegate.resources.dataflow_endpoint import SETTINGS_FIELDS, DataflowEndpointSpec


def test_defaults() -> None:
    settings = read_clean(CLOUD).resources.endpoints["cloud"].spec.mqtt_settings
    assert settings is not None
    assert settings.tls.mode == "Enabled"
    assert settings.tls.trusted_ca_certificate_config_map_ref is None
    assert (settings.qos, settings.retain, settings.protocol) == (1, "Keep", "Mqtt")
    assert (settings.keep_alive_seconds, settings.session_expiry_seconds) == (60, 600)
    assert settings.max_inflight_messages == 100
    assert settings.client_id_prefix is None
    assert settings.cloud_event_attributes is None


def test_other_types_are_kept_as_written() -> None:
    text = CLOUD.replace("Mqtt\n", "Kafka\n").replace("mqttSettings", "kafkaSettings")
    spec = read_clean(text).resources.endpoints["cloud"].spec
    assert spec.mqtt_settings is None
    assert spec.kafka_settings is not None
    assert spec.kafka_settings["authentication"] == {"method": "Anonymous"}


def test_every_type_has_its_settings_field() -> None:
    aliases = {field.alias for field in DataflowEndpointSpec.model_fields.values()}
    assert set(SETTINGS_FIELDS.values()) == aliases - {"endpointType", "hostType"}


def test_audience_of_a_service_account_token_has_a_default() -> None:
    text = CLOUD.replace("{method: Anonymous}", "{method: ServiceAccountToken, serviceAccountTokenSettings: {}}")
    settings = read_clean(text).resources.endpoints["cloud"].spec.mqtt_settings
    assert settings is not None
    assert settings.authentication.service_account_token_settings is not None
    assert settings.authentication.service_account_token_settings.audience == "aio-internal"
