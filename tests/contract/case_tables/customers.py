"""Cases of the rows for a customer and its own fields."""

from tests.contract.case_tables.case import Case
from tests.samples import LEFT_OUT, individual, organization

_with_used_number = individual()
_existing = individual()


CASES = [
    Case("no object", "C019", "Customer must be a JSON object"),
    Case(individual(communicationNumber=LEFT_OUT), "001", "CommunicationNumber is mandatory"),
    Case(individual(communicationNumber="x" * 257), "C001", "CommunicationNumber is longer than 256 characters"),
    Case(
        individual(communicationNumber=_with_used_number["communicationNumber"]),
        "O005",
        "CommunicationNumber already used in amlyze",
        before=[_with_used_number],
    ),
    Case(individual(customerExtId=LEFT_OUT), "C002", "CustomerExtId is mandatory"),
    Case(individual(requester=LEFT_OUT), "001", "Requester is mandatory"),
    Case(individual(action="UPDATE"), "C004", "Cannot update not existing customer, use Action = CREATE"),
    Case(
        individual(customerExtId=_existing["customerExtId"]),
        "C004",
        "Customer already exists, use Action = UPDATE",
        before=[_existing],
    ),
    Case(individual(action="DELETE"), "C005", "Action is not valid. values: CREATE, UPDATE"),
    Case(individual(businessUnit="NOWHERE"), "C006", "Business unit does not exist in Amlyze"),
    Case(individual(), "C006", "Business unit is mandatory", units=("NORTH", "SOUTH")),
    Case(
        individual(businessUnit="SOUTH"),
        "C006",
        "Business unit is not allowed for this user",
        units=("NORTH", "SOUTH"),
        granted=("NORTH",),
    ),
    Case(individual(riskManagementCategory=LEFT_OUT), "C007", "RiskManagementCategory is mandatory"),
    Case(individual(riskManagementCategory="NONE"), "C007", "RiskManagementCategory does not exist in Amlyze"),
    Case(
        individual(sourceOfRiskLevel="EVALUATE"),
        "C008",
        "SourceOfRiskLevel must be IMPORT or absent, evaluation is not available in batch",
    ),
    Case(
        individual(riskManagementCategory="LEAD_IND"),
        "C008.I02",
        "When source of risk level IMPORT. 'Lead' risk management category is forbidden",
    ),
    Case(individual(riskLevel="SOME"), "C009", "RiskLevel is not valid. values: NONE, LOW, MEDIUM, HIGH, EXTREME"),
    Case(individual(entityType=LEFT_OUT), "C010", "EntityType is mandatory"),
    Case(individual(customerStatus=LEFT_OUT), "C011", "CustomerStatus is mandatory"),
    Case(individual(applicationDate=LEFT_OUT), "C012", "ApplicationDate is mandatory"),
    Case(individual(customerStatus="CLOSED"), "C013", "ClosingDate is mandatory for CLOSED CustomerStatus"),
    Case(individual(closingDate="2024-04-12"), "C013a", "ClosingDate can not exist for not CLOSED CustomerStatus"),
    Case(individual(lei="LEI54511548"), "C014", "Field not allowed for INDIVIDUAL. Field: LEI"),
    Case(organization(firstName="Ann"), "C015", "Field not allowed for ORGANIZATION. Field: FirstName"),
    Case(individual(firstName=LEFT_OUT), "C016.I01", "For INDIVIDUAL type customer FirstName is mandatory"),
    Case(individual(lastName=LEFT_OUT), "C016.I02", "For INDIVIDUAL type customer LastName is mandatory"),
    Case(
        individual(citizenshipCountry=LEFT_OUT),
        "C016.I06",
        "Problem with field for INDIVIDUAL type customer. CitizenshipCountry is mandatory",
    ),
    Case(
        individual(citizenshipCountry="XX"),
        "C016.I06",
        "Problem with field for INDIVIDUAL type customer. CitizenshipCountry not found in amlyze",
    ),
    Case(individual(birthCountry="XX"), "C016.I06", "BirthCountry not defined in Amlyze"),
    Case(individual(permanentResidenceCountry="XX"), "C016.I08", "PermanentResidenceCountry not defined in Amlyze"),
    Case(individual(secondCitizenshipCountry="XX"), "C016.I08", "SecondCitizenshipCountry not defined in Amlyze"),
    Case(
        individual(fieldOfActivity={"student": {"higherSchoolCountry": "XX"}}),
        "FOA01",
        "FieldOfActivity.Student.Country is invalid",
    ),
    Case(individual(fieldOfActivity={"pension": {"pensionCountry": "XX"}}), "FOA02", "PensionCountry is invalid"),
    Case(organization(title=LEFT_OUT), "C017.O01", "For ORGANIZATION type customer Title is mandatory"),
    Case(organization(registrationCountry="XX"), "REG", "RegistrationCountry must exist in Amlyze"),
    Case(organization(legalForm=LEFT_OUT), "C017.O02", "For ORGANIZATION type customer LegalForm is mandatory"),
    Case(organization(numberOfEmployees="many"), "C018", "Bad value for INTEGER. Field: NumberOfEmployees"),
    Case(individual(initializeScreeningProcesses=["XRAY"]), "SCR01", "Screening process is undefined: XRAY"),
    Case(individual(initializeScreeningProcesses=["PEP"]), "SCR02", "Screening is not available in batch: PEP"),
]
