"""Requests, responses and tables of the conventional service."""

# ruff: noqa: N815 - the field names of the contract

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import pycountry
from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_COUNTRIES = frozenset(country.alpha_2 for country in pycountry.countries)


def _country(code: str) -> str:
    if code not in _COUNTRIES:
        raise ValueError("is no country's code")
    return code


Words = Annotated[str, Field(min_length=1)]
Country = Annotated[str, AfterValidator(_country)]


class BatchRequest(BaseModel):
    customers: list[dict[str, Any]]


class _NewCustomerBase(BaseModel):
    communicationNumber: Annotated[str, Field(min_length=1, max_length=256)]
    requester: Words
    action: Literal["CREATE"] = "CREATE"
    riskManagementCategory: Literal["IND", "ORG"]
    customerExtId: Annotated[str, Field(min_length=1, max_length=255)]
    customerStatus: Literal["PENDING", "ACTIVE", "REJECTED", "SUSPENDED", "CLOSED"]
    applicationDate: date | datetime


class NewIndividual(_NewCustomerBase):
    entityType: Literal["INDIVIDUAL"]
    firstName: Words
    lastName: Words
    citizenshipCountry: Country


class NewOrganization(_NewCustomerBase):
    entityType: Literal["ORGANIZATION"]
    title: Words
    registrationCountry: Country
    legalForm: Words


NewCustomer = Annotated[NewIndividual | NewOrganization, Field(discriminator="entityType")]


class PeerAccepted(BaseModel):
    resultType: Literal["REQUEST_ACCEPTED"] = "REQUEST_ACCEPTED"
    communicationNumber: str
    customerExtId: str
    businessUnit: str


class PeerRejected(BaseModel):
    resultType: Literal["REQUEST_REJECTED"] = "REQUEST_REJECTED"
    communicationNumber: str | None = None
    customerExtId: str | None = None
    errorCode: str
    errorDescription: str


class PeerResponse(BaseModel):
    resultType: Literal["REQUEST_ACCEPTED"] = "REQUEST_ACCEPTED"
    results: list[PeerAccepted | PeerRejected]


class Base(DeclarativeBase):
    pass


# Compared by code point like the same columns of muster: the cheapest collation.
_Key = Text(collation="C")


class CommunicationRow(Base):
    __tablename__ = "communications"

    communication_number: Mapped[str] = mapped_column(_Key, primary_key=True)
    batch_id: Mapped[UUID]
    business_unit: Mapped[str] = mapped_column(_Key)
    customer_ext_id: Mapped[str] = mapped_column(_Key)
    version: Mapped[int]


class CustomerRow(Base):
    __tablename__ = "customers"

    customer_ext_id: Mapped[str] = mapped_column(_Key, primary_key=True)
    business_unit: Mapped[str] = mapped_column(_Key, primary_key=True)
    version: Mapped[int]
    communication_number: Mapped[str] = mapped_column(_Key)
    entity_type: Mapped[str] = mapped_column(Text)
    customer_status: Mapped[str] = mapped_column(Text)
    batch_id: Mapped[UUID]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
