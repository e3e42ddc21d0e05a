"""The fields of individuals, and their field of activity."""

from muster.customer import errors as e
from muster.customer.schema import ALWAYS, Field, Schema
from muster.customer.value_checks import PAST_DATE
from muster.customer.value_types import Boolean, ClassifierCode, Date, Nested, Text

INDIVIDUAL = Schema(
    "Individual",
    "Fields that only a customer of entityType INDIVIDUAL has",
    (
        Field("firstName", Text(), "Given name", "Jose", ALWAYS, e.FIRST_NAME_MISSING),
        Field("lastName", Text(), "Family name", "Rodriguez", ALWAYS, e.LAST_NAME_MISSING),
        Field(
            "citizenshipCountry",
            ClassifierCode("country"),
            "Country of citizenship, ISO 3166-1 alpha-2",
            "LT",
            ALWAYS,
            absent_error=e.CITIZENSHIP_MISSING,
            error=e.CITIZENSHIP_UNKNOWN,
        ),
        Field("birthDate", Date(), "Date of birth", "2000-01-01", checks=(PAST_DATE,)),
        Field(
            "birthCountry",
            ClassifierCode("country"),
            "Country of birth, ISO 3166-1 alpha-2",
            "LT",
            error=e.BIRTH_COUNTRY_UNKNOWN,
        ),
        Field(
            "secondCitizenshipCountry",
            ClassifierCode("country"),
            "Country of a second citizenship, ISO 3166-1 alpha-2",
            "LV",
            error=e.SECOND_CITIZENSHIP_UNKNOWN,
        ),
        Field(
            "permanentResidenceCountry",
            ClassifierCode("country"),
            "Country of permanent residence, ISO 3166-1 alpha-2",
            "LT",
            error=e.RESIDENCE_COUNTRY_UNKNOWN,
        ),
        Field("isLegalResident", Boolean(), "Whether the person is a legal resident", True),
        Field("isFamilyPEP", Boolean(), "Whether a close relative is a politically exposed person", True),
        Field("isLitigated", Boolean(), "Whether the person is or was party to litigation", True),
        Field("amlOfficer", Boolean(), "Whether the person is an AML officer", True),
        Field(
            "fieldOfActivity",
            Nested("FieldOfActivity"),
            "The person's occupation: employment, pension, studies or another status",
        ),
    ),
)

FIELD_OF_ACTIVITY = Schema(
    "FieldOfActivity",
    "The individual's occupation, each aspect in an object of its own",
    (
        Field("employment", Nested("FieldEmployment"), "The person's employment"),
        Field("other", Nested("FieldOther"), "Another status of the person"),
        Field("pension", Nested("FieldPension"), "The person's pension"),
        Field("student", Nested("FieldStudent"), "The person's studies"),
    ),
)

FIELD_EMPLOYMENT = Schema(
    "FieldEmployment",
    "The individual's employment",
    (
        Field("employerTitle", Text(), "Name of the employer", "Software Engineer"),
        Field("employmentPositionDescription", Text(), "The position in words", "Software Engineer"),
        Field("isEmployee", Boolean(), "Whether the person is employed", False),
        Field("isSelfEmployed", Boolean(), "Whether the person is self-employed", False),
        Field("isUnemployed", Boolean(), "Whether the person is unemployed", False),
    ),
)

FIELD_OTHER = Schema(
    "FieldOther",
    "Another status of the individual, in words",
    (
        Field("isOtherStatus", Boolean(), "Whether none of the other statuses applies", True),
        Field("otherStatusDescription", Text(), "The other status in words", "consultation"),
    ),
)

FIELD_PENSION = Schema(
    "FieldPension",
    "The individual's pension",
    (
        Field("isPensioner", Boolean(), "Whether the person is a pensioner", True),
        Field(
            "pensionCountry",
            ClassifierCode("country"),
            "Country that pays the pension, ISO 3166-1 alpha-2",
            "LT",
            error=e.PENSION_COUNTRY_UNKNOWN,
        ),
    ),
)

FIELD_STUDENT = Schema(
    "FieldStudent",
    "The individual's studies",
    (
        Field("isStudent", Boolean(), "Whether the person is a student", True),
        Field(
            "higherSchoolCountry",
            ClassifierCode("country"),
            "Country of the school, ISO 3166-1 alpha-2",
            "LT",
            error=e.SCHOOL_COUNTRY_UNKNOWN,
        ),
        Field("higherSchoolTitle", Text(), "Name of the school", "Vilniaus Universitetas"),
    ),
)
