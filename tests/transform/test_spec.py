"""What a transformation is and what it may answer, as values."""

from tidegate.transform.spec import Dropped, TransformSpec


def test_specs_compare_by_content() -> None:
    assert TransformSpec(topic_template="a") == TransformSpec(topic_template="a")
    assert TransformSpec(topic_template="a") != TransformSpec(topic_template="b")


def test_a_drop_has_a_label_and_a_sentence() -> None:
    assert Dropped("topic", "no such segment") == Dropped(reason="topic", detail="no such segment")
