from hub.bench.rest import CONNECTIONS, figures


def test_the_figure_of_rest_has_its_name_unit_and_conditions() -> None:
    [found] = figures("embedded", seconds=0.3)
    assert (found["metric"], found["unit"]) == ("rest_command", "requests/s")
    assert found["value"] > 0
    assert found["connections"] == CONNECTIONS == 16
    assert found["samples"] >= CONNECTIONS
    assert {"broker", "cores", "python", "fsync_p50_ms", "load_1m", "device"} <= found.keys()
