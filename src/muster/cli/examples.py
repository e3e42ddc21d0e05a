"""The examples at the end of `--help`, by command; the empty name is `muster` itself."""

from typing import Final

EXAMPLES: Final = {
    "": (
        "muster demo",
        "muster user add core-banking --role submit",
        "muster serve",
    ),
    "demo": (
        "muster demo",
        "muster demo --once",
    ),
    "serve": (
        "muster serve",
        "muster serve --host 0.0.0.0 --workers 4 --database postgresql://muster@db.internal/muster",
        "muster serve --host 0.0.0.0 --tls-cert fullchain.pem --tls-key key.pem",
    ),
    "check-config": (
        "muster check-config",
        "muster check-config --database postgresql://muster@db.internal/muster",
    ),
    "backup": (
        "muster backup nightly.db",
        'muster backup "/backups/muster-$(date +%F).db" --database sqlite:////var/lib/muster/muster.db',
    ),
    "load": (
        "muster load customers.csv --dry-run",
        "muster load customers.csv --encoding cp1257 --mapping core-banking.toml --refused refused.csv",
        "zstd -dc customers.ndjson.zst | muster load - --database postgresql://muster@db.internal/muster",
        "muster load customers.csv --url https://muster.example:8878 --token-file nightly.token --refused refused.csv",
    ),
    "purge": (
        "muster purge --before 2024-01-01 --dry-run",
        "muster purge --before 2019-01-01 --closed-customers",
    ),
    "db upgrade": ("muster db upgrade --database postgresql://muster@db.internal/muster",),
    "db distribute": (
        "muster db distribute --database postgresql://muster@coordinator.internal/muster",
        "muster db distribute --database postgresql://muster@coordinator.internal/muster --yes",
    ),
    "user add": (
        "muster user add core-banking --role submit",
        "muster user add branch --role submit --business-unit LT --business-unit LV",
        "muster user add prometheus --role watch",
        "muster user add back-office --role submit --role read",
        "pass show muster/nightly | muster user add nightly --role submit --password-stdin",
    ),
    "user list": ("muster user list",),
    "user change": (
        "muster user change core-banking --add-role read",
        "muster user change core-banking --role submit,read",
        "muster user change core-banking --business-unit MAIN --business-unit LV",
    ),
    "user disable": ("muster user disable core-banking",),
    "user enable": ("muster user enable core-banking",),
    "user password": ("muster user password core-banking",),
    "token create": (
        "muster token create core-banking --expires 365",
        "muster token create nightly > nightly.token",
    ),
    "token list": (
        "muster token list",
        "muster token list core-banking",
    ),
    "token revoke": ("muster token revoke 3f9a0c71be52",),
    "audit": (
        "muster audit --since 2024-05-26 --action sign-in.refused",
        "muster audit --subject c-1",
        "muster audit --json --after 1200 >> shipped.jsonl",
        "muster audit --since 2024-05-01 --until 2024-06-01 --csv > may.csv",
    ),
    "audit verify": (
        "muster audit verify",
        f"muster audit verify --checkpoint 1200:{'5e' * 32}",
    ),
    "loads list": (
        "muster loads list --limit 5",
        "muster loads list --url https://muster.example:8878 --token-file nightly.token",
    ),
    "loads show": ("muster loads show 018fb54c-3f00-7abc-8def-0123456789ab",),
    "loads cancel": (
        "muster loads cancel 018fb54c-3f00-7abc-8def-0123456789ab",
        "muster loads cancel 018fb54c-3f00-7abc-8def-0123456789ab --url https://muster.example:8878",
    ),
    "loads refused": ("muster loads refused 018fb54c-3f00-7abc-8def-0123456789ab refused.csv",),
    "mapping suggest": (
        "muster mapping suggest customers.csv > mapping.toml",
        "muster mapping suggest customers.csv --encoding cp1257",
    ),
    "template": (
        "muster template --type individual --output customers.xlsx",
        "muster template --type organization --fields mandatory,listAddress,listAddress[1]",
    ),
    "classifier list": (
        "muster classifier list",
        "muster classifier list legalForm",
    ),
    "classifier import": (
        "muster classifier import codes.csv",
        "muster classifier import legal-forms.csv --replace",
    ),
    "classifier add": ("muster classifier add country XK Kosovo",),
    "classifier remove": ("muster classifier remove country XK",),
}


def format_examples(command: str) -> str:
    """Returns the end of the command's help. Typer joins lines, so each example is a paragraph."""
    return "\n\n".join(("Examples:", *(f"$ {example}" for example in EXAMPLES[command])))
