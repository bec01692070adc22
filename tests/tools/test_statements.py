from tools.statements import named_statements

from tools import statements


def test_a_name_stands_for_one_statement_or_several() -> None:
    assert named_statements("test_mqtt_3_1_2_9_a_will_of_qos_2") == ["3.1.2-9"]
    assert named_statements("test_mqtt_4_3_3_11_and_12_a_pubrel") == ["4.3.3-11", "4.3.3-12"]
    assert named_statements("test_mqtt_3_1_2_21_and_3_2_2_21") == ["3.1.2-21", "3.2.2-21"]
    assert named_statements("test_mqtt_4_9_0_2_no_quota_and_4_9_0_3_all_else") == ["4.9.0-2", "4.9.0-3"]
    assert named_statements("test_mqtt_3_10_4_5_to_3_11_2_2") == ["3.10.4-5", "3.10.4-6", "3.11.2-1", "3.11.2-2"]


def test_a_docstring_names_statements_too() -> None:
    assert named_statements("test_mqtt_3_1_2_9_a_will", "With QoS [MQTT-3.1.2-12].") == ["3.1.2-9", "3.1.2-12"]


def test_what_names_no_statement() -> None:
    assert named_statements("test_a_will", "With QoS [MQTT-3.1.2-12].") == []
    assert named_statements("test_mqtt_3_1_1_has_no_words") == []


def test_tests_are_found_by_role_and_statement() -> None:
    name = "client/test_chapter_4.py::test_mqtt_4_6_0_2_pubacks_leave_in_arrival_order"
    assert name in statements.tests_by_statement()["client"]["4.6.0-2"]
