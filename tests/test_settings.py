"""Settings accept values within their bounds and refuse all others by name."""

import pytest

from muster.settings import (
    RENAMED_VARIABLES,
    InvalidSettingError,
    Settings,
    iterate_settings,
    remove_service_links,
    variable_name,
)

# What Kubernetes sets in each container of a namespace with the services `muster` and `muster-db`.
SERVICE_LINKS = {
    "MUSTER_SERVICE_HOST": "10.96.0.7",
    "MUSTER_SERVICE_PORT": "8878",
    "MUSTER_SERVICE_PORT_HTTP": "8878",
    "MUSTER_PORT": "tcp://10.96.0.7:8878",
    "MUSTER_PORT_8878_TCP": "tcp://10.96.0.7:8878",
    "MUSTER_PORT_8878_TCP_PROTO": "tcp",
    "MUSTER_PORT_8878_TCP_PORT": "8878",
    "MUSTER_PORT_8878_TCP_ADDR": "10.96.0.7",
    "MUSTER_DB_SERVICE_HOST": "10.96.0.8",
    "MUSTER_DB_PORT": "tcp://10.96.0.8:5432",
    "MUSTER_DB_PORT_5432_TCP_ADDR": "10.96.0.8",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKERS", "0"),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("MAX_QUEUED_REQUESTS", "-1"),
        ("MAX_BODY_BYTES", "x"),
        ("MAX_BODY_BYTES", "--1"),
        ("MAX_BODY_BYTES", "9" * 5000),
        ("KEEP_ALIVE", "0"),
        ("KEEP_ALIVE", "7.5"),
        ("STATEMENT_TIMEOUT", "0"),
        ("IDEMPOTENCY_HOURS", "0"),
        ("IDEMPOTENCY_HOURS", "8761"),
    ],
)
def test_error_for_a_number_out_of_bounds_names_setting_and_bound_without_the_value(name: str, value: str) -> None:
    with pytest.raises(
        InvalidSettingError, match=rf"^MUSTER_{name} must be a whole number of at least [01]\b"
    ) as caught:
        Settings.read({f"MUSTER_{name}": value})
    assert value not in str(caught.value).split()


@pytest.mark.parametrize(
    "value",
    ["10.0.0.0/33", "10.0.0.1/8", "proxy.bank", "10.0.0.1,proxy.bank", "10.0.0.1,", ",", " ", "10.0.0.1,*", "/"],
)
def test_invalid_proxies_are_refused(value: str) -> None:
    with pytest.raises(
        InvalidSettingError, match=r"^MUSTER_TRUSTED_PROXIES must be comma-separated addresses or networks"
    ):
        Settings.read({"MUSTER_TRUSTED_PROXIES": value})


@pytest.mark.parametrize("value", ["*", "10.0.0.1", "10.0.0.1, 10.1.0.0/16", "::1,2001:db8::/32", "127.0.0.0/8"])
def test_proxies_are_addresses_networks_or_an_asterisk(value: str) -> None:
    assert Settings.read({"MUSTER_TRUSTED_PROXIES": value}).trusted_proxies == value


@pytest.mark.parametrize("value", [1, 8_760])
def test_bounds_are_inclusive(value: int) -> None:
    assert Settings.read({"MUSTER_IDEMPOTENCY_HOURS": str(value)}).idempotency_hours == value


def test_option_overrides_environment_and_empty_variable_counts_as_unset() -> None:
    assert Settings.read({"MUSTER_PORT": "1"}, port=2).port == 2
    assert Settings.read({"MUSTER_PORT": ""}).port == Settings().port


@pytest.mark.parametrize(("old", "new"), RENAMED_VARIABLES.items())
def test_renamed_variable_is_refused_with_its_new_name(old: str, new: str) -> None:
    with pytest.raises(InvalidSettingError, match=rf"^{old} was renamed; set {new} instead"):
        Settings.read({old: "1"})
    assert Settings.read({old: ""}) == Settings()


def test_renamed_variables_lead_to_settings_that_exist() -> None:
    variables = {variable_name(row.name) for row in iterate_settings()}
    assert set(RENAMED_VARIABLES.values()) <= variables
    assert not variables & RENAMED_VARIABLES.keys()


def test_idle_connections_outlive_the_usual_60_seconds_of_a_load_balancer() -> None:
    assert Settings().keep_alive == 75
    assert Settings.read({"MUSTER_KEEP_ALIVE": "1"}).keep_alive == 1


def test_unknown_name_is_an_error_and_not_ignored() -> None:
    with pytest.raises(TypeError, match="unknown settings: queue"):
        Settings.read({}, port=1, queue=64)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("MUSTER_WORKER", "MUSTER_WORKERS"),
        ("MUSTER_DATABASE_URL", "MUSTER_DATABASE"),
        ("MUSTER_MAX_BODYBYTES", "MUSTER_MAX_BODY_BYTES"),
        ("MUSTER_TLSCERT", "MUSTER_TLS_CERT"),
    ],
)
def test_unknown_variable_is_an_error_that_names_the_near_one(name: str, near: str) -> None:
    with pytest.raises(InvalidSettingError, match=rf"^{name} is not a setting; did you mean {near}\?") as caught:
        Settings.read({name: "secret"})
    assert "secret" not in str(caught.value)
    assert Settings.read({name: ""}) == Settings()


def test_unknown_variable_without_a_near_one_is_an_error() -> None:
    with pytest.raises(InvalidSettingError, match=r"^MUSTER_QUUX is not a setting; remove it"):
        Settings.read({"MUSTER_QUUX": "1"})


@pytest.mark.parametrize("name", ["PATH", "MUSTERING", "MUSTER", "MUSTER_TEST_POSTGRES"])
def test_variable_of_others_is_ignored(name: str) -> None:
    assert Settings.read({name: "1"}) == Settings()


@pytest.mark.parametrize("name", SERVICE_LINKS)
def test_service_link_of_kubernetes_is_no_setting(name: str) -> None:
    environment = {name: SERVICE_LINKS[name], "MUSTER_WORKERS": "2"}
    assert Settings.read(environment) == Settings(workers=2)
    remove_service_links(environment)
    assert environment == {"MUSTER_WORKERS": "2"}


def test_port_that_is_a_number_is_a_setting_beside_service_links() -> None:
    assert Settings.read({**SERVICE_LINKS, "MUSTER_PORT": "1"}).port == 1


def test_source_of_a_setting_is_its_option_its_variable_or_the_default() -> None:
    sources = Settings.read_sources({"MUSTER_PORT": "1", "MUSTER_HOST": "", "MUSTER_WORKERS": "2"}, workers=3)
    assert (sources["port"], sources["host"], sources["workers"]) == ("MUSTER_PORT", "default", "--workers")
