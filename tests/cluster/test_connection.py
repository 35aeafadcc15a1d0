import pytest

from stepsmith.cluster.connection import check_executor, connected, is_ray
from stepsmith.core.errors import ConfigError, MachineError


@pytest.mark.parametrize("executor", ["ray", "ray://10.0.0.1:6379", "ray://auto"])
def test_ray_is_named_with_or_without_an_address(executor: str) -> None:
    assert is_ray(executor)
    assert not is_ray("local")


@pytest.mark.parametrize("executor", ["", "dask", "ray:", "ray://", "Ray", "ray://a b", "ray://host/path", "http://x"])
def test_everything_else_is_refused(executor: str) -> None:
    with pytest.raises(ConfigError, match="there is no executor"):
        check_executor(executor)


def test_no_cluster_is_one_line_at_once() -> None:
    pytest.importorskip("ray")
    with pytest.raises(MachineError, match=r"no Ray cluster at 127\.0\.0\.1:9"), connected("ray://127.0.0.1:9", 1):
        pass
    with pytest.raises(ConfigError, match="names no port"), connected("ray://127.0.0.1", 1):
        pass
