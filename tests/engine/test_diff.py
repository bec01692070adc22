from dataclasses import replace

from tests.engine.plans import flow_plan

from tidegate.engine.diff import Assignment, diff, flow_key


def test_booting_is_a_diff_from_nothing() -> None:
    plans = (flow_plan("a"), flow_plan("b"))
    change = diff((), Assignment(plans))
    assert change.start == plans
    assert (change.stop, change.replace, change.keep) == ((), (), ())


def test_an_edit_touches_only_the_flow_it_concerns() -> None:
    a, b = flow_plan("a"), flow_plan("b")
    edited = replace(a, topic_filters=("x",))
    change = diff((a, b), Assignment((edited, b)))
    assert change.replace == ((a, edited),)
    assert change.keep == (b,)
    assert (change.start, change.stop) == ((), ())


def test_a_deleted_flow_ends_its_session() -> None:
    change = diff((flow_plan("a"),), Assignment())
    assert [stop.end_session for stop in change.stop] == [True]


def test_a_released_flow_keeps_its_session() -> None:
    plan = flow_plan("a")
    change = diff((plan,), Assignment(released=frozenset([flow_key(plan)])))
    assert [stop.end_session for stop in change.stop] == [False]


def test_a_removed_instance_ends_its_session_and_the_others_stay() -> None:
    instances = [flow_plan("a", ordinal) for ordinal in range(3)]
    change = diff(instances, Assignment((instances[0],)))
    assert [stop.plan.ordinal for stop in change.stop] == [1, 2]
    assert all(stop.end_session for stop in change.stop)
    assert change.keep == (instances[0],)


def test_a_new_client_id_starts_the_new_session_before_the_old_one_ends() -> None:
    old, new = flow_plan("a"), flow_plan("a", prefix="site2")
    change = diff((old,), Assignment((new,)))
    assert change.start == (new,)
    (stop,) = change.stop
    assert (stop.plan, stop.end_session, stop.successor) == (old, True, flow_key(new))
