from hub.bench.privacy import figures


def test_every_figure_of_privacy_has_its_name_unit_and_conditions() -> None:
    found = list(figures(60, 6.0, ""))
    assert {one["metric"]: one["unit"] for one in found} == {
        "relay_rss_60": "MiB",
        "relay_cores_60": "cores",
        "gateway_rss_60": "MiB",
        "gateway_cores_60": "cores",
        "hazard_to_incident_p50": "s",
        "hazard_to_incident_p99": "s",
    }
    for one in found:
        assert one["value"] > 0
        assert {"cores", "python", "fsync_p50_ms", "load_1m", "cells_s", "slot_s"} <= one.keys()
        assert one["database"] == "sqlite"
