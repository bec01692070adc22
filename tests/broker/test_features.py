"""What a broker offers."""

from dataclasses import fields

from tidegate.broker.features import ALL_FEATURES


def test_ours_offers_all_of_it() -> None:
    limits = {"maximum_qos": 2, "sessions_per_subject_max": None, "messages_per_second_max": None}
    for field in fields(ALL_FEATURES):
        assert getattr(ALL_FEATURES, field.name) == limits.get(field.name, True)
