"""The job as it is done conventionally: FastAPI, Pydantic and SQLAlchemy's ORM, for new customers with minimal fields.

Each of them by its own advice for speed: validators compiled once, pooled sessions, two queries for the whole batch, a
bulk insert for each table, an endpoint that blocks a thread and not the loop.
"""

import os
import secrets
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import create_engine, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.peers.conventional_models import (
    Accepted,
    Answer,
    Base,
    Batch,
    Communication,
    Customer,
    Individual,
    NewCustomer,
    Organization,
    Rejected,
)

PATH = "/batch-customers"
UNIT = "MAIN"

_customers: TypeAdapter[Individual | Organization] = TypeAdapter(NewCustomer)
_bearer = HTTPBearer()


def create_tables(url: str) -> None:
    engine = create_engine(_with_driver(url))
    Base.metadata.create_all(engine)
    engine.dispose()


def create_app() -> FastAPI:
    """The service; BENCH_DATABASE and BENCH_TOKEN say on which database, and which token it takes."""
    engine = create_engine(_with_driver(os.environ["BENCH_DATABASE"]), pool_size=8, pool_pre_ping=True)
    sessions, token = sessionmaker(engine), os.environ["BENCH_TOKEN"]
    app = FastAPI()

    def session() -> Iterator[Session]:
        with sessions() as opened:
            yield opened

    def authorized(credentials: Annotated[HTTPAuthorizationCredentials, Depends(_bearer)]) -> None:
        if not secrets.compare_digest(credentials.credentials, token):
            raise HTTPException(401)

    @app.get("/ready")
    def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.post(PATH, dependencies=[Depends(authorized)])
    def batch_customers(batch: Batch, session: Annotated[Session, Depends(session)]) -> Answer:
        try:
            return _take(batch.customers, session)
        except IntegrityError:
            session.rollback()
            raise HTTPException(409, "another request took one of these customers; send the batch again") from None

    return app


def _take(items: list[dict[str, Any]], session: Session) -> Answer:
    checked = [_check(item) for item in items]
    sound = [customer for customer in checked if not isinstance(customer, Rejected)]
    numbers, ext_ids = _known(sound, session)
    results: list[Accepted | Rejected] = []
    taken: list[Individual | Organization] = []
    for customer in checked:
        if isinstance(customer, Rejected):
            results.append(customer)
            continue
        result = _judge(customer, numbers, ext_ids)
        if isinstance(result, Accepted):
            taken.append(customer)
        results.append(result)
    if taken:
        _save(taken, session)
    return Answer(results=results)


def _check(item: dict[str, Any]) -> Individual | Organization | Rejected:
    try:
        return _customers.validate_python(item)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        pointer = "/".join(str(part) for part in first["loc"])
        return Rejected(errorCode=first["type"], errorDescription=f"{pointer}: {first['msg']}")


def _known(customers: list[Individual | Organization], session: Session) -> tuple[set[str], set[str]]:
    numbers = [customer.communicationNumber for customer in customers]
    ext_ids = [customer.customerExtId for customer in customers]
    used = select(Communication.communication_number).where(Communication.communication_number.in_(numbers))
    known = select(Customer.customer_ext_id).where(
        Customer.customer_ext_id.in_(ext_ids), Customer.business_unit == UNIT
    )
    return set(session.scalars(used)), set(session.scalars(known))


def _judge(customer: Individual | Organization, numbers: set[str], ext_ids: set[str]) -> Accepted | Rejected:
    number, ext_id = customer.communicationNumber, customer.customerExtId
    if number in numbers or ext_id in ext_ids:
        code = "number used" if number in numbers else "customer known"
        return Rejected(communicationNumber=number, customerExtId=ext_id, errorCode=code, errorDescription=code)
    numbers.add(number)
    ext_ids.add(ext_id)
    return Accepted(communicationNumber=number, customerExtId=ext_id, businessUnit=UNIT)


def _save(customers: list[Individual | Organization], session: Session) -> None:
    """With `session.add_all` the whole request took half as long again."""
    batch_id = uuid4()
    common = [
        {
            "communication_number": customer.communicationNumber,
            "customer_ext_id": customer.customerExtId,
            "business_unit": UNIT,
            "version": 1,
            "batch_id": batch_id,
        }
        for customer in customers
    ]
    session.execute(insert(Communication), common)
    session.execute(
        insert(Customer),
        [
            {
                **row,
                "entity_type": customer.entityType,
                "customer_status": customer.customerStatus,
                "document": customer.model_dump(mode="json"),
            }
            for row, customer in zip(common, customers, strict=True)
        ],
    )
    session.commit()


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
