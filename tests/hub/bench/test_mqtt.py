from hub.bench.mqtt import figures


def test_every_figure_of_mqtt_has_its_name_unit_and_conditions() -> None:
    found = list(figures("embedded", entities=10, seconds=0.5, steps=(200,), step_s=0.5))
    assert {one["metric"]: one["unit"] for one in found} == {
        "mqtt_to_ws_latency_p50": "ms",
        "mqtt_to_ws_latency_p99": "ms",
        "mqtt_max_rate": "msg/s",
    }
    for one in found:
        assert {"cores", "python", "fsync_p50_ms", "load_1m", "history"} <= one.keys()
        assert one["broker"] == "embedded"
        assert one["entities"] == 10
    assert 0 < found[0]["value"] <= found[1]["value"]
