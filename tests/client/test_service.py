"""The client and the service as it ships."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from muster.auth.passwords import hash_password
from muster.auth.users import Role, User
from muster.customer.examples import make_full_customer
from muster_client import (
    AsyncClient,
    AuthenticationError,
    Client,
    Individual,
    InvalidBatch,
    KeyReused,
    NotFound,
    PermissionDenied,
)
from tests.samples import individual, organization
from tests.serving import Api


def test_validation_saves_nothing_and_save_does(client: Client) -> None:
    customers = [individual(), individual(firstName=None), organization()]
    validated = client.validate(customers)
    assert [result.is_accepted for result in validated.results] == [True, False, True]
    assert (validated.batch_id, validated.idempotency_key) == (None, None)
    saved = client.save(customers)
    assert (saved.accepted, saved.rejected, len(saved)) == (2, 1, 3)
    [(row, customer, result)] = saved.iterate_rejected()
    assert (row, customer, result.error_code) == (1, customers[1], "C016.I01")
    assert isinstance(saved.batch_id, UUID)


def test_own_key_gives_the_first_results_again(client: Client) -> None:
    customers, key = [individual()], str(uuid4())
    first, again = client.save(customers, key=key), client.save(customers, key=key)
    assert (first.is_replay, again.is_replay) == (False, True)
    assert (again.batch_id, again.accepted) == (first.batch_id, 1)
    with pytest.raises(KeyReused):
        client.save([individual()], key=key)


def test_options_reach_the_service(client: Client) -> None:
    known, odd = individual(action=None), individual(unknownField="x")
    assert client.save([known], upsert=True).accepted == 1
    assert client.save([{**known, "communicationNumber": str(uuid4())}], upsert=True).accepted == 1
    assert [result.error_code for result in client.validate([odd], unknown="reject").results] == ["C020"]
    assert client.validate([odd]).warnings == 1
    assert client.save([individual(), individual(firstName=None)], accept="all").accepted == 0
    assert client.save([individual(), individual(firstName=None)], accept=50).accepted == 1


def test_detail_lists_errors_with_their_place_within_the_customer(client: Client) -> None:
    wrong = individual(listAddress=[{"country": "XX"}], birthDate="2999-01-01")
    result = client.validate([individual(), wrong], detail=True).results[1]
    [error] = result.errors
    assert (error.pointer, error.path) == ("/customers/1/listAddress/0/country", "/listAddress/0/country")
    assert error.expected is not None
    assert "classifier country" in error.expected
    assert [warning.code for warning in result.warnings] == ["W003"]


def test_every_digit_and_character_arrives_and_comes_back(client: Client) -> None:
    ext_id, amount = "a/b ..%2F ž🦊?#", Decimal("12345678901234567890.0100")
    customer = individual(customerExtId=ext_id, initialDepositAmount=amount, firstName="  Ž\u2028 ")
    assert client.save([customer]).accepted == 1
    found = client.customers.get(ext_id)
    assert str(found.document["initialDepositAmount"]) == str(amount)
    assert found.document["firstName"] == customer["firstName"]


@pytest.mark.parametrize("ext_id", ["..", ".", "a/history", "history", "a+b", "%41"])
def test_any_text_is_an_identifier(client: Client, ext_id: str) -> None:
    assert client.save([individual(customerExtId=ext_id)]).accepted == 1
    assert client.customers.get(ext_id).customer_ext_id == ext_id
    assert [change.changed for change in client.customers.history(ext_id)] == [("",)]


def test_records_are_read_across_pages(client: Client) -> None:
    customers = [individual() for _ in range(1_500)]
    saved = client.save(customers)
    assert saved.batch_id is not None
    results = list(client.batches.results(saved.batch_id))
    assert [result.customer_ext_id for result in results] == [customer["customerExtId"] for customer in customers]
    batch = client.batches.get(saved.batch_id)
    assert (batch.accepted, batch.rejected) == (1_500, 0)
    assert next(client.batches.list()) == batch
    communication = client.communications.get(customers[0]["communicationNumber"])
    assert (communication.batch_id, communication.version) == (saved.batch_id, 1)


def test_customer_is_read_as_of_a_moment_and_with_its_history(client: Client) -> None:
    customer = individual(firstName="before")
    ext_id = customer["customerExtId"]
    client.save([customer])
    moment = client.customers.get(ext_id).accepted_at
    client.save([{**customer, "communicationNumber": str(uuid4()), "action": "UPDATE", "firstName": "after"}])
    assert client.customers.get(ext_id, business_unit="MAIN").document["firstName"] == "after"
    assert client.customers.get(ext_id, at=moment).document["firstName"] == "before"
    changes = list(client.customers.history(ext_id))
    assert [change.version for change in changes] == [2, 1]
    assert "/firstName" in changes[0].changed
    with pytest.raises(NotFound):
        client.customers.get(ext_id, at=moment - timedelta(days=1))
    with pytest.raises(ValueError, match="time zone"):
        client.customers.get(ext_id, at=datetime(2024, 5, 26))  # noqa: DTZ001


def test_code_list_is_read(client: Client) -> None:
    titles = {entry.code: entry.title for entry in client.classifiers.get("country")}
    assert titles["LT"] == "Lithuania"
    with pytest.raises(NotFound):
        client.classifiers.get("no such list")


def test_refusals_are_types(api: Api, client: Client) -> None:
    url = f"http://127.0.0.1:{api.port}"
    with Client(url, token="mst_wrong", verify=False) as stranger, pytest.raises(AuthenticationError):
        stranger.save([individual()])
    with Client(url, token=api.user(Role.READ), verify=False) as reader, pytest.raises(PermissionDenied):
        reader.save([individual()])
    with pytest.raises(InvalidBatch, match="10000 customers"):
        client.save([{}] * 10_001)
    with pytest.raises(NotFound):
        client.batches.get(uuid4())


def test_password_is_taken_in_the_place_of_a_token(api: Api) -> None:
    api.store.users.add_user(User("anna", Role.SUBMIT, (), hash_password("a long pässword")))
    url = f"http://127.0.0.1:{api.port}"
    with Client(url, auth=("anna", "a long pässword"), verify=False) as client:
        assert client.save([individual()]).accepted == 1
    with Client(url, auth=("anna", "wrong"), verify=False) as client, pytest.raises(AuthenticationError):
        client.save([])


def test_typed_customer_with_dates_and_decimals_is_accepted(client: Client) -> None:
    customer: Individual = {
        "communicationNumber": str(uuid4()),
        "requester": "Core banking",
        "customerExtId": str(uuid4()),
        "entityType": "INDIVIDUAL",
        "riskManagementCategory": "IND",
        "customerStatus": "ACTIVE",
        "applicationDate": datetime.now(UTC).date(),
        "firstName": "Jose",
        "lastName": "Rodriguez",
        "citizenshipCountry": "LT",
        "approvalDate": datetime.now(UTC),
        "initialDepositAmount": Decimal("10000.10"),
        "listDeclaredTurnover": [
            {"turnoverType": "TURNOVER_PER_MONTH", "turnoverRange": "MONTHLY", "from": 1, "to": 2}
        ],
    }
    result = client.save([customer], detail=True)
    assert result.results[0].errors == ()
    assert result.accepted == 1


def test_full_customers_get_no_warning(client: Client) -> None:
    customers = [
        {**make_full_customer(kind), "communicationNumber": str(uuid4()), "customerExtId": str(uuid4())}
        for kind in ("INDIVIDUAL", "ORGANIZATION")
    ]
    saved = client.save(customers)
    assert (saved.accepted, saved.warnings) == (2, 0)


def test_asynchronous_client_does_the_same(api: Api) -> None:
    async def run() -> None:
        token = api.user(Role.SUBMIT | Role.READ)
        async with AsyncClient(f"http://127.0.0.1:{api.port}", token=token, verify=False) as client:
            customers = [individual() for _ in range(25)]
            assert (await client.validate(customers)).accepted == 25
            items = [item async for item in client.load(customers, batch=10)]
            assert [row for row, _, _ in items] == list(range(25))
            assert all(result.is_accepted for _, _, result in items)
            newest = [batch.accepted async for batch in client.batches.list()][:3]
            assert sorted(newest) == [5, 10, 10]
            found = await client.communications.get(customers[3]["communicationNumber"])
            results = [result async for result in client.batches.results(found.batch_id)]
            assert len(results) == 10
            ext_id = customers[3]["customerExtId"]
            assert (await client.customers.get(ext_id)).version == 1
            assert [change.version async for change in client.customers.history(ext_id)] == [1]
            assert (await client.save([individual()])).accepted == 1
            assert await client.classifiers.get("currency")

    asyncio.run(run())
