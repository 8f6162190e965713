from gov_stats.catalogue import definitions
from gov_stats.dashboards import LAYOUTS
from gov_stats.measures import POPULATION, measure_names
from gov_stats.schemas import Tab


def test_codes_are_unique_and_measures_are_counted() -> None:
    codes = [definition.code for definition in definitions()]
    assert len(set(codes)) == len(codes)
    counted = {*measure_names(), POPULATION, ""}
    for definition in definitions():
        assert {definition.numerator, definition.denominator} <= counted


def test_every_dashboard_has_six_figures_that_are_computed() -> None:
    codes = {definition.code for definition in definitions()}
    assert set(LAYOUTS) == set(Tab)
    for layout in LAYOUTS.values():
        assert len(layout.figures) == 6
        assert layout.codes <= codes


def test_every_yardstick_says_where_it_comes_from() -> None:
    for definition in definitions():
        if definition.yardstick is None:
            continue
        assert definition.provenance
        read = definition.provenance.startswith(("read:", "derived:"))
        assert definition.yardstick_estimate is not read
        assert (definition.yardstick_year is None) == definition.yardstick_estimate


def test_a_figure_without_a_denominator_is_none() -> None:
    rate = next(definition for definition in definitions() if definition.code == "PR05")
    assert rate.value(3, 0) is None
    assert rate.value(1, 4) == 25
