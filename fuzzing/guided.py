"""Fuzzes decode and check with coverage guidance: `python -m fuzzing.guided SECONDS CORPUS`.

It runs in a process of its own, which libFuzzer ends when the time is over. A crash does not end the run: its input is
kept. Only an input that takes too much time or memory does.
"""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Final

import atheris

with atheris.instrument_imports(include=["muster.customer", "muster.intake"]):
    from fuzzing.fuzzer import CRASHES, MAX_INPUT_BYTES, Fuzzer
    from fuzzing.target import Target

from fuzzing.mutation import mutate
from fuzzing.seeds import build_seeds
from fuzzing.values import iterate_dictionary

# Bounds of one input, for a machine that has other work, too.
MAX_INPUT_SECONDS: Final = 20
MAX_MEMORY_MIB: Final = 2_048
# Percent of the mutations that libFuzzer makes itself, byte by byte.
_LIBFUZZER_PERCENT: Final = 20


def main() -> None:
    seconds, corpus = int(sys.argv[1]), Path(sys.argv[2])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(build_seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    fuzzer = Fuzzer(Target().run, CRASHES)
    with tempfile.NamedTemporaryFile("w", suffix=".dict") as dictionary:
        dictionary.write(_write_dictionary(iterate_dictionary()))
        dictionary.flush()
        options = {
            "max_total_time": seconds,
            "max_len": MAX_INPUT_BYTES,
            "len_control": 0,  # the seeds are whole batches; starting with short inputs would cut them
            "timeout": MAX_INPUT_SECONDS,
            "rss_limit_mb": MAX_MEMORY_MIB,
            "dict": dictionary.name,
            "artifact_prefix": f"{CRASHES}/",
            "print_final_stats": 1,
        }
        flags = [f"-{name}={value}" for name, value in options.items()]
        atheris.Setup([sys.argv[0], *flags, str(corpus), str(CRASHES)], fuzzer.run, custom_mutator=_mutate)
        atheris.Fuzz()


def _mutate(body: bytes, max_bytes: int, seed: int) -> bytes:
    random = Random(seed)
    if random.randrange(100) < _LIBFUZZER_PERCENT:
        mutation: bytes = atheris.Mutate(body, max_bytes)
        return mutation
    return mutate(body, max_bytes, random)


def _write_dictionary(words: Iterable[str]) -> str:
    """The words in libFuzzer's format: one per line, in quotes, with escapes for all but letters and digits."""
    encoded = dict.fromkeys(word.encode(errors="surrogatepass") for word in words)
    return "".join(f'"{"".join(map(_escape, word))}"\n' for word in encoded if word)


def _escape(byte: int) -> str:
    return chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\x{byte:02x}"


if __name__ == "__main__":
    main()
