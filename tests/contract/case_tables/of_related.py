"""Cases of the rows that speak of related entities."""

from tests.contract.case_tables.case import (
    CONTACTS,
    OF_INDIVIDUAL,
    OF_ORGANIZATION,
    Case,
    relating,
    relating_organization,
    relating_part,
)
from tests.samples import organization

CASES = [
    Case(relating(relationType=None), "C016.C016.RE01", f"{OF_INDIVIDUAL}Relation type is mandatory"),
    Case(
        relating(organization, relationType="COUSIN"),
        "C017.C016.RE01",
        f"{OF_ORGANIZATION}Relation type is not defined in Amlyze",
    ),
    Case(relating(entityType="ROBOT"), "C016.C016.RE02", f"{OF_INDIVIDUAL}EntityType is mandatory"),
    Case(relating(country="XX"), "C016.C016.RE03", f"{OF_INDIVIDUAL}Country not defined in Amlyze"),
    Case(relating(organization, firstName=None), "C017.C016.RE04", f"{OF_ORGANIZATION}FirstName is mandatory"),
    Case(
        relating_organization(legalForm="TRIBE"),
        "C017.C016.RE05",
        f"{OF_ORGANIZATION}LegalForm not found in Amlyze",
    ),
    Case(
        relating_part("listContact", contactType=None),
        "C016.C016.RE06.Co1",
        f"{OF_INDIVIDUAL}Problem with Contact (index: 1 ). ContactType is mandatory. values: {CONTACTS}",
    ),
    Case(
        relating_part("listContact", organization, contactDetails={}),
        "C017.C016.RE06.Co2",
        f"{OF_ORGANIZATION}Problem with Contact (index: 1 ). ContactDetails is mandatory",
    ),
    Case(
        relating_part("listAddress", organization, addressDetails=None),
        "C017.C016.RE06.ADR01",
        f"{OF_ORGANIZATION}Problem with Address (index: 1 ). AddressDetails is mandatory",
    ),
    Case(
        relating_part("listAddress", addressType="CASTLE"),
        "C016.C016.RE06.ADR02",
        f"{OF_INDIVIDUAL}Problem with Address (index: 1 ). AddressType is not defined in amlyze",
    ),
    Case(
        relating_part("listBusinessEntityDocument", entityType=None),
        "C016.C016.RE08.DOC01",
        f"{OF_INDIVIDUAL}Problem with BusinessEntityDocuments (index: 1 ). EntityType is mandatory. "
        "values : INDIVIDUAL, ORGANIZATION",
    ),
    Case(
        relating_part("listBusinessEntityDocument", organization, documentNumber=None),
        "C017.C016.RE08.DOC03",
        f"{OF_ORGANIZATION}Problem with BusinessEntityDocuments (index: 1 ). DocumentNumber is mandatory",
    ),
    Case(
        relating_part("listIncomeSource", incomeSourceType=None),
        "C016.C016.RE09.INC01",
        f"{OF_INDIVIDUAL}Problem with IncomeSource (index: 1 ). IncomeSourceType not found in Amlyze",
    ),
    Case(
        relating_part("listActivity", activityType=None),
        "C016.C016.RE10.ACT01",
        f"{OF_INDIVIDUAL}Problem with Activity (index: 1 ). ActivityType not found in Amlyze",
    ),
    Case(
        relating_part("listRegionOfActivity", region=None),
        "C016.C016.RE11.RA01",
        f"{OF_INDIVIDUAL}Problem with RegionOfActivity (index: 1 ). Region is mandatory",
    ),
    Case(
        relating_part("listCountryOfActivity", country=None),
        "C016.C016.RE12.CA01",
        f"{OF_INDIVIDUAL}Problem with CountryOfActivity (index: 1 ). CountryOfActivity not found in Amlyze",
    ),
    Case(
        relating_part("listAdditionalValues", datatype="BOOLEAN", value="maybe"),
        "C016.C016.AV07",
        f"{OF_INDIVIDUAL}Bad value for BOOLEAN (values: true false') valueCode: usa",
    ),
    Case(
        relating(isPEP="perhaps"),
        "C016.C016.C018",
        f"{OF_INDIVIDUAL}Bad value for BOOLEAN (values: true, false). Field: IsPEP",
    ),
]
