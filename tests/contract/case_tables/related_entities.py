"""Cases of the rows for related entities."""

from tests.contract.case_tables.case import (
    CONTACT_TYPES,
    INDIVIDUAL_PREFIX,
    ORGANIZATION_PREFIX,
    Case,
    related_nested,
    related_organization,
    related_person,
)
from tests.samples import organization

CASES = [
    Case(related_person(relationType=None), "C016.C016.RE01", f"{INDIVIDUAL_PREFIX}Relation type is mandatory"),
    Case(
        related_person(organization, relationType="COUSIN"),
        "C017.C016.RE01",
        f"{ORGANIZATION_PREFIX}Relation type is not defined in Amlyze",
    ),
    Case(related_person(entityType="ROBOT"), "C016.C016.RE02", f"{INDIVIDUAL_PREFIX}EntityType is mandatory"),
    Case(related_person(country="XX"), "C016.C016.RE03", f"{INDIVIDUAL_PREFIX}Country not defined in Amlyze"),
    Case(
        related_person(organization, firstName=None), "C017.C016.RE04", f"{ORGANIZATION_PREFIX}FirstName is mandatory"
    ),
    Case(
        related_organization(legalForm="TRIBE"),
        "C017.C016.RE05",
        f"{ORGANIZATION_PREFIX}LegalForm not found in Amlyze",
    ),
    Case(
        related_nested("listContact", contactType=None),
        "C016.C016.RE06.Co1",
        f"{INDIVIDUAL_PREFIX}Problem with Contact (index: 1 ). ContactType is mandatory. values: {CONTACT_TYPES}",
    ),
    Case(
        related_nested("listContact", organization, contactDetails={}),
        "C017.C016.RE06.Co2",
        f"{ORGANIZATION_PREFIX}Problem with Contact (index: 1 ). ContactDetails is mandatory",
    ),
    Case(
        related_nested("listAddress", organization, addressDetails=None),
        "C017.C016.RE06.ADR01",
        f"{ORGANIZATION_PREFIX}Problem with Address (index: 1 ). AddressDetails is mandatory",
    ),
    Case(
        related_nested("listAddress", addressType="CASTLE"),
        "C016.C016.RE06.ADR02",
        f"{INDIVIDUAL_PREFIX}Problem with Address (index: 1 ). AddressType is not defined in amlyze",
    ),
    Case(
        related_nested("listBusinessEntityDocument", entityType=None),
        "C016.C016.RE08.DOC01",
        f"{INDIVIDUAL_PREFIX}Problem with BusinessEntityDocuments (index: 1 ). EntityType is mandatory. "
        "values : INDIVIDUAL, ORGANIZATION",
    ),
    Case(
        related_nested("listBusinessEntityDocument", organization, documentNumber=None),
        "C017.C016.RE08.DOC03",
        f"{ORGANIZATION_PREFIX}Problem with BusinessEntityDocuments (index: 1 ). DocumentNumber is mandatory",
    ),
    Case(
        related_nested("listIncomeSource", incomeSourceType=None),
        "C016.C016.RE09.INC01",
        f"{INDIVIDUAL_PREFIX}Problem with IncomeSource (index: 1 ). IncomeSourceType not found in Amlyze",
    ),
    Case(
        related_nested("listActivity", activityType=None),
        "C016.C016.RE10.ACT01",
        f"{INDIVIDUAL_PREFIX}Problem with Activity (index: 1 ). ActivityType not found in Amlyze",
    ),
    Case(
        related_nested("listRegionOfActivity", region=None),
        "C016.C016.RE11.RA01",
        f"{INDIVIDUAL_PREFIX}Problem with RegionOfActivity (index: 1 ). Region is mandatory",
    ),
    Case(
        related_nested("listCountryOfActivity", country=None),
        "C016.C016.RE12.CA01",
        f"{INDIVIDUAL_PREFIX}Problem with CountryOfActivity (index: 1 ). CountryOfActivity not found in Amlyze",
    ),
    Case(
        related_nested("listAdditionalValues", datatype="BOOLEAN", value="maybe"),
        "C016.C016.AV07",
        f"{INDIVIDUAL_PREFIX}bad value for BOOLEAN (values: true false') valueCode: usa",
    ),
    Case(
        related_person(isPEP="perhaps"),
        "C016.C016.C018",
        f"{INDIVIDUAL_PREFIX}Bad value for BOOLEAN (values: true, false). Field: IsPEP",
    ),
]
