from hub.bench.core import figures

UNITS = {
    "cold_start_first_200": "s",
    "rss_after_start": "MiB",
    "rss_with_1000_entities": "MiB",
    "rss_all_processes": "MiB",
    "state_set_one_listener": "states/s",
    "state_set_recorded_committed": "states/s",
    "db_bytes_per_state": "bytes",
    "history_month_read": "s",
    "history_month_loop_late_p99": "ms",
}


def test_every_figure_of_the_core_has_its_name_unit_and_conditions() -> None:
    found = list(figures("embedded", 0.005))
    assert {one["metric"]: one["unit"] for one in found} == UNITS
    for one in found:
        assert one["value"] > 0
        assert {"cores", "python", "fsync_p50_ms", "load_1m"} <= one.keys()
    assert all(one["broker"] == "embedded" for one in found[:4])
