"""The coverage-guided run over decode and check: `python -m fuzzing.guided SECONDS CORPUS`.

It needs a process of its own, which libFuzzer ends when the time is over. What an input broke does not end it: that is
kept as a crasher, and the run goes on. Only an input that takes too long, or too much memory, is the last one.
"""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Final

import atheris

with atheris.instrument_imports(include=["muster.customer", "muster.intake"]):
    from fuzzing.hunt import CRASHERS, MOST_BYTES, Hunt
    from fuzzing.target import Target

from fuzzing.mutation import mutated
from fuzzing.seeds import seeds
from fuzzing.values import words

# One input may take so long, on a machine that does other things too, and so much memory in MiB.
MOST_SECONDS: Final = 20
MOST_MEMORY: Final = 2_048
# How many inputs of a hundred libFuzzer changes itself, as bytes.
_ITS_OWN: Final = 20


def main() -> None:
    seconds, corpus = int(sys.argv[1]), Path(sys.argv[2])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    hunt = Hunt(Target().look, keep=CRASHERS)
    with tempfile.NamedTemporaryFile("w", suffix=".dict") as dictionary:
        dictionary.write(_dictionary(words()))
        dictionary.flush()
        options = {
            "max_total_time": seconds,
            "max_len": MOST_BYTES,
            "len_control": 0,  # the seeds are whole batches, and small ones are no better
            "timeout": MOST_SECONDS,
            "rss_limit_mb": MOST_MEMORY,
            "dict": dictionary.name,
            "artifact_prefix": f"{CRASHERS}/",
            "print_final_stats": 1,
        }
        flags = [f"-{name}={value}" for name, value in options.items()]
        atheris.Setup([sys.argv[0], *flags, str(corpus), str(CRASHERS)], hunt.on, custom_mutator=_mutated)
        atheris.Fuzz()


def _mutated(body: bytes, most: int, seed: int) -> bytes:
    random = Random(seed)
    if random.randrange(100) < _ITS_OWN:
        changed: bytes = atheris.Mutate(body, most)
        return changed
    return mutated(body, most, random)


def _dictionary(some: Iterable[str]) -> str:
    """The words as libFuzzer reads them: one a line, in quotes, with escapes for all but letters and digits."""
    encoded = dict.fromkeys(word.encode(errors="surrogatepass") for word in some)
    return "".join(f'"{"".join(map(_escaped, word))}"\n' for word in encoded if word)


def _escaped(byte: int) -> str:
    return chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\x{byte:02x}"


if __name__ == "__main__":
    main()
