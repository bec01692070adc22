from pathlib import Path

from tidegate.auth.cluster import Cluster, find_cluster

POD = {"KUBERNETES_SERVICE_HOST": "192.0.2.1", "KUBERNETES_SERVICE_PORT": "6443"}


def test_a_pod_with_a_service_account_is_in_a_cluster(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    assert find_cluster(POD, tmp_path) == Cluster("192.0.2.1", 6443, tmp_path)
    assert find_cluster({"KUBERNETES_SERVICE_HOST": "192.0.2.1"}, tmp_path) == Cluster("192.0.2.1", 443, tmp_path)


def test_anything_else_is_in_none(tmp_path: Path) -> None:
    assert find_cluster(POD, tmp_path) is None
    (tmp_path / "token").write_text("t")
    assert find_cluster({}, tmp_path) is None
    assert find_cluster({**POD, "KUBERNETES_SERVICE_PORT": "tcp://x"}, tmp_path) is None
