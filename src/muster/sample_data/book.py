"""The customers of the sample as the installation has them."""

from random import Random

from muster.sample_data.customers import Customer, CustomerMaker


class CustomerBook:
    """Makes customers, and keeps the accepted ones as they are now, by business unit."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.maker = CustomerMaker(random)
        self._by_unit: dict[str, list[Customer]] = {}
        self._by_key: dict[tuple[str, str], Customer] = {}

    def accept(self, customer: Customer) -> None:
        """Notes a customer that was accepted, or its new version."""
        unit: str = customer["businessUnit"]
        key = unit, customer["customerExtId"]
        if key in self._by_key:
            self._by_key[key].update(customer)
        else:
            self._by_key[key] = customer
            self._by_unit.setdefault(unit, []).append(customer)

    def choose(self, unit: str) -> Customer | None:
        """An accepted customer of this unit; None where there is none."""
        known = self._by_unit.get(unit)
        return self.random.choice(known) if known else None
