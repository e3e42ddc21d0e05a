"""Invented names and addresses in six scripts, read from `names.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

import msgspec


@dataclass(frozen=True, slots=True)
class Origin:
    """The names and addresses of one country. `weight` is the number of customers in 100."""

    script: str
    country: str  # ISO 3166-1 alpha-2
    weight: int
    authority: str
    cities: tuple[str, ...]
    streets: tuple[str, ...]
    company: str
    words: tuple[str, ...]
    trades: tuple[str, ...]
    women: tuple[str, ...]
    women_family: tuple[str, ...]
    men: tuple[str, ...]
    men_family: tuple[str, ...]

    def make_person(self, random: Random) -> tuple[str, str]:
        """A given name and a family name."""
        if random.random() < 0.5:
            return random.choice(self.women), random.choice(self.women_family)
        return random.choice(self.men), random.choice(self.men_family)

    def make_company(self, random: Random) -> str:
        return self.company.format(word=random.choice(self.words), trade=random.choice(self.trades))

    def make_address(self, random: Random, kind: str) -> dict[str, object]:
        city, street = random.choice(self.cities), f"{random.choice(self.streets)} {random.randint(1, 120)}"
        return {
            "addressType": kind,
            "addressDetails": f"{street}, {city}",
            "country": self.country,
            "city": city,
            "streetAddress": street,
            "useForCorrespondence": True,
        }


@cache
def read_origins() -> tuple[Origin, ...]:
    """All origins, in the order of the file."""
    text = files("muster.sample_data").joinpath("names.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text)["origin"], tuple[Origin, ...])


def find_origin(country: str) -> Origin:
    return next(origin for origin in read_origins() if origin.country == country)
