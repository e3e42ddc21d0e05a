"""Cases beside the rows of the table: other texts of a row, and rows that stand for several errors."""

from tests.contract.case_tables.case import (
    INDIVIDUAL_PREFIX,
    ORGANIZATION_PREFIX,
    Case,
    nested,
    related_nested,
    related_organization,
    related_person,
)
from tests.samples import LEFT_OUT, individual, organization

CASES = [
    Case(None, "C019", "Customer must be a JSON object"),
    Case(individual(communicationNumber="a\0b"), "C001", "CommunicationNumber is longer than 256 characters"),
    Case(individual(customerExtId="x" * 256), "C002", "CustomerExtId is longer than 255 characters"),
    Case(individual(entityType="ROBOT"), "C010", "EntityType is not valid. values: INDIVIDUAL, ORGANIZATION"),
    Case(
        individual(customerStatus="GONE"),
        "C011",
        "CustomerStatus is not valid. values: PENDING, ACTIVE, REJECTED, SUSPENDED, CLOSED",
    ),
    Case(individual(applicationDate="2023-02-29"), "C012", "ApplicationDate is not a date"),
    Case(
        individual(customerStatus="CLOSED", closingDate="soon"),
        "C013",
        "ClosingDate is mandatory for CLOSED CustomerStatus",
    ),
    Case(individual(closingDate="soon"), "C013a", "ClosingDate can not exist for not CLOSED CustomerStatus"),
    Case(individual(giin="1"), "C014", "Field not allowed for INDIVIDUAL. Field: GIIN"),
    Case(organization(fieldOfActivity={}), "C015", "Field not allowed for ORGANIZATION. Field: FieldOfActivity"),
    Case(organization(registrationCountry=LEFT_OUT), "REG", "RegistrationCountry must exist in Amlyze"),
    Case(organization(legalForm="TRIBE"), "C017.O02", "LegalForm not found in Amlyze"),
    Case(individual(nationalCode=["1"]), "C018", "Bad value for STRING. Field: NationalCode"),
    Case(individual(initialDepositAmount="much"), "C018", "Bad value for DECIMAL. Field: InitialDepositAmount"),
    Case(individual(isPEP="perhaps"), "C018", "Bad value for BOOLEAN (values: true, false). Field: IsPEP"),
    Case(individual(birthDate="2000-W01-1"), "C018", "Bad value for DATE. Field: BirthDate"),
    Case(individual(listContact={}), "C018", "Bad value for LIST. Field: ListContact"),
    Case(individual(listContact=["x"]), "C018", "Bad value for OBJECT. Field: ListContact"),
    Case(individual(fieldOfActivity="x"), "C018", "Bad value for OBJECT. Field: FieldOfActivity"),
    Case(individual(listPurpose="GREY"), "C018", "Bad value for BLACK, WHITE. Field: ListPurpose"),
    Case(individual(initialDepositCurrency="XXY"), "C018", "InitialDepositCurrency not found in Amlyze"),
    Case(
        nested("listContact", useForCommunication="x"),
        "C018",
        "Bad value for BOOLEAN (values: true, false). Field: UseForCommunication",
    ),
    Case(
        nested("listDeclaredTurnover", to="x"),
        "Q007.DT03",
        "Problem with DeclaredTurnover (index: 1 ). Bad value for INTEGER",
    ),
    Case(nested("listAdditionalValues", datatype="DECIMAL", value="x"), "AV07", "Bad value for DECIMAL valueCode: usa"),
    Case(nested("listAdditionalValues", datatype="DATE", value="x"), "AV07", "Bad value for DATE valueCode: usa"),
    Case(related_person(birthCountry="XX"), "C016.C016.RE03", f"{INDIVIDUAL_PREFIX}BirthCountry not defined in Amlyze"),
    Case(
        related_organization(registrationCountry=None),
        "C017.C016.RE03",
        f"{ORGANIZATION_PREFIX}RegistrationCountry not defined in Amlyze",
    ),
    Case(
        related_nested("listAdditionalValues", datatype="INTEGER", value="x"),
        "C016.C016.AV07",
        f"{INDIVIDUAL_PREFIX}Bad value for INTEGER valueCode: usa",
    ),
    Case(
        related_person(customerExtId=["x"]),
        "C016.C016.C018",
        f"{INDIVIDUAL_PREFIX}Bad value for STRING. Field: CustomerExtId",
    ),
    Case(nested("listAddress", postcode="x"), "C020", "Field is not known. Field: postcode", query="?unknown=reject"),
    Case(related_person(middleName="x"), "C020", "Field is not known. Field: middleName", query="?unknown=reject"),
    Case(related_person(lastName=None), "C016.C016.RE04", f"{INDIVIDUAL_PREFIX}LastName is mandatory"),
    Case(related_organization(title=None), "C017.C016.RE04", f"{ORGANIZATION_PREFIX}Title is mandatory"),
    Case(
        related_nested("listAddress", country=None),
        "C016.C016.RE06.ADR02",
        f"{INDIVIDUAL_PREFIX}Problem with Address (index: 1 ). Country is mandatory and must exist in Amlyze",
    ),
    Case(
        related_nested("listBusinessEntityDocument", documentExpiryDate="x"),
        "C016.C016.RE08.DOC05",
        f"{INDIVIDUAL_PREFIX}Problem with BusinessEntityDocuments (index: 1 ). DocumentExpiryDate is not a date",
    ),
    Case(
        related_nested("listAdditionalValues", code=None),
        "C016.C016.AV01",
        f"{INDIVIDUAL_PREFIX}AdditionalValue (index: 1 ). Code is mandatory",
    ),
]
