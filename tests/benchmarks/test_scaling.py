"""The capacity model: its tables are those of the page, and it follows the laws that any such model has to follow."""

from dataclasses import replace

import pytest

from benchmarks.scaling.assumptions import BENCHMARK, Assumptions, iterate_assumptions
from benchmarks.scaling.capacity import LAYOUTS, Layout, Load, Resource, compute_capacity
from benchmarks.scaling.closed_network import BatchTimes, simulate_rate
from benchmarks.scaling.costs import CostModel, count_images, count_levels, interpolate
from benchmarks.scaling.day import Failure, simulate_day
from benchmarks.scaling.figures import read_figures
from benchmarks.scaling.page import PAGE, TABLES, find_marks, render_page
from benchmarks.scaling.source_tables import predict_look_up, predict_rate

FIGURES = read_figures()
MODEL = CostModel(FIGURES)
GIVEN = Assumptions()
MILLION, BILLION = 1e6, 1e9
CLUSTER = next(layout for layout in LAYOUTS if layout.is_cluster)
ONE_DATABASE = next(layout for layout in LAYOUTS if layout.nodes)


def test_tables_of_the_page_are_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == render_page(text), "run `.venv/bin/python -m benchmarks.scaling`"


def test_page_has_every_table_once() -> None:
    assert sorted(find_marks(PAGE.read_text(encoding="utf-8"))) == sorted(TABLES)


@pytest.mark.parametrize(("batch", "clients"), [key for key in BENCHMARK if key[0] >= 1_000])
def test_simulation_predicts_large_batches_of_the_benchmark_within_a_fifth(batch: int, clients: int) -> None:
    assert predict_rate(MODEL, batch, clients) == pytest.approx(BENCHMARK[batch, clients], rel=0.2)


def test_model_predicts_the_page_images_that_were_counted() -> None:
    random = FIGURES.random_writes[0]
    predicted = count_images(random.index_pages, random.customers, 2)
    assert predicted == pytest.approx(random.page_images, rel=0.05)


def test_model_predicts_the_pages_of_a_look_up_that_were_counted() -> None:
    random = FIGURES.random_writes[0]
    for look_up in FIGURES.look_ups[1:]:
        predicted = predict_look_up(look_up.stored, 2 * random.stored / random.index_pages)
        assert predicted == pytest.approx(look_up.missing, rel=0.05)


def test_simulated_client_alone_waits_for_each_phase() -> None:
    times = BatchTimes(client=0.001, service=0.002, database=0.003, waiting=0.004)
    assert simulate_rate(times, clients=1, cores=2) == pytest.approx(100, rel=0.02)


def test_simulated_cores_bound_the_rate_of_many_clients() -> None:
    times = BatchTimes(client=0.001, service=0.002, database=0.003, waiting=0.004)
    assert simulate_rate(times, clients=20, cores=2, batches=2_000) == pytest.approx(2 / 0.006, rel=0.05)


def test_cost_between_two_measured_sizes_lies_on_the_line_of_whole_batches() -> None:
    assert interpolate(50, [1, 99], [10.0, 2.0]) == pytest.approx((10 + 198) / 2 / 50)
    assert interpolate(1, [1, 99], [10.0, 2.0]) == 10
    assert interpolate(500, [1, 99], [10.0, 2.0]) == 2


def test_few_changes_of_many_pages_log_a_page_each_and_many_changes_each_page_once() -> None:
    assert count_images(BILLION, 1_000, 2) == pytest.approx(2, rel=1e-3)
    assert count_images(1_000, BILLION, 2) * BILLION == pytest.approx(1_000)


def test_levels_of_a_tree_grow_with_the_logarithm_of_its_entries() -> None:
    assert [count_levels(entries, 100) for entries in (1, 100, 101, 10_000, 10_001, BILLION)] == [1, 1, 2, 2, 3, 5]


@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS if not layout.is_sqlite], ids=lambda each: each.name)
def test_random_identifiers_more_customers_and_updates_never_raise_the_rate(layout: Layout) -> None:
    loads = [Load(BILLION, is_in_order=True), Load(MILLION), Load(BILLION), Load(BILLION, share_of_updates=0.9)]
    rates = [compute_capacity(MODEL, GIVEN, layout, load).rate for load in loads]
    assert rates == sorted(rates, reverse=True)


def test_more_nodes_help_until_the_database_is_the_limit() -> None:
    given = replace(GIVEN, service_cores=1)
    few, many, more = (
        compute_capacity(MODEL, given, replace(ONE_DATABASE, nodes=nodes), Load(MILLION)) for nodes in (1, 200, 400)
    )
    assert few.limit is Resource.SERVICE
    assert few.rate < many.rate
    assert many.limit is not Resource.SERVICE
    assert many.rate == pytest.approx(more.rate)


def test_larger_batches_pay_for_the_nodes_of_a_cluster() -> None:
    large = replace(CLUSTER, servers=64)
    small_batches, large_batches = (
        compute_capacity(MODEL, GIVEN, large, Load(BILLION, is_in_order=True, batch=size)) for size in (1_000, 10_000)
    )
    assert large_batches.rate > 1.5 * small_batches.rate


@pytest.mark.parametrize("name", [name for name, *_, is_doubled in iterate_assumptions() if is_doubled])
def test_capacity_stays_finite_when_an_assumption_is_doubled(name: str) -> None:
    for layout in (ONE_DATABASE, CLUSTER):
        changed, plain = (
            compute_capacity(MODEL, given, layout, Load(BILLION, share_of_updates=0.9)).rate
            for given in (GIVEN.doubled(name), GIVEN)
        )
        assert plain / 5 < changed < plain * 5


def test_day_without_a_peak_and_with_room_leaves_nothing_waiting() -> None:
    day = simulate_day(86_400, rate=1.1, peak_hours=4, peak_share=4 / 24)
    assert (day.backlog, day.delay) == (0, 0)
    assert day.saved == pytest.approx(86_400)


def test_failure_at_the_peak_leaves_what_came_meanwhile_waiting() -> None:
    day = simulate_day(86_400, rate=10, peak_hours=4, peak_share=4 / 24, failure=Failure(1.0, 30))
    assert day.backlog == pytest.approx(30 * 60)
    assert 30 <= day.delay <= 34
    assert day.saved == pytest.approx(86_400)


def test_rate_below_the_average_never_catches_up() -> None:
    day = simulate_day(86_400, rate=0.5, peak_hours=4, peak_share=0.7)
    assert day.saved == pytest.approx(43_200, rel=0.01)
    assert day.backlog > 80_000
