# ruff: noqa: PLC0415, T201  # imports wait for their command; a command line prints
"""`safelight sweep-orphans` and `safelight retain`: what should not be there any more."""

import json as json_text
from typing import Annotated

import attrs
from cyclopts import Parameter

from entrypoints.cli.configuration import configured, prepared_platform
from entrypoints.cli.presentation import amount_of, progress_of, size_of
from entrypoints.mistakes import OperatorMistake

_Flag = Parameter(negative=())


def sweep_orphans(
    *,
    delete: Annotated[bool, _Flag] = False,
    even_most: Annotated[bool, _Flag] = False,
    json: bool = False,
) -> int:
    """
    Compare store and database: files that nobody names, rows whose files are not there.

    Looks, and changes nothing, unless you say --delete. Files younger than a day are left alone:
    an upload under way stores its picture before it writes its rows. Ends with 1 if rows lack
    files.

    Parameters
    ----------
    delete
        Delete the files that nobody names, mark the rows that lack theirs (and take the mark from
        those whose files came back), and discard uploads that died half-way.
    even_most
        With --delete: even if most of the store would go, as with a wrong database.
    json
        For scripts.
    """
    with prepared_platform() as platform:
        from application.administration.stored_files import count_holders

        sweep = platform.use_cases().sweep_orphans()
        rows = count_holders(platform.adapters().database())
        with progress_of("Looking", rows * 2) as advance:
            findings = sweep(on_progress=lambda _what, number: advance(number))
        if delete:
            if findings.look_wrong and not even_most:
                raise OperatorMistake(
                    f"{amount_of(findings.orphans, 'file')} of {findings.objects:,} would be "
                    "deleted; is SAFELIGHT_DATABASE_URL the database of this store? Say "
                    "--even-most if it is"
                )
            with progress_of("Deleting", rows * 2) as advance:
                findings = sweep(act=True, on_progress=lambda _what, number: advance(number))
    if json:
        figures = attrs.asdict(findings, filter=lambda field, _: field.name != "missing")
        figures["missing"] = [
            {"kind": holder.kind.value, "id": str(holder.id)} for holder in findings.missing
        ]
        print(json_text.dumps(figures | {"deleted": delete}))
        return 1 if findings.missing_count else 0
    verb = "deleted" if delete else "would be deleted"
    print(f"{amount_of(findings.objects, 'file')}, {amount_of(findings.rows, 'row')}.")
    print(
        f"Files that no row names:  {findings.orphans:,} ({size_of(findings.orphan_bytes)}) "
        f"{verb}, {findings.young:,} too young to tell, {findings.foreign:,} not ours"
    )
    marked = "marked" if delete else "would be marked"
    print(f"Rows that lack a file:    {findings.missing_count:,} {marked}")
    for holder in findings.missing[:20]:
        print(f"  {holder.kind.value} of {holder.id}")
    if findings.missing_count > 20:
        print("  … (--json shows more)")
    if findings.found_again:
        print(f"Rows whose files are back: {findings.found_again:,}")
    if delete:
        print(f"Uploads that died half-way: {findings.staged:,} discarded")
    elif findings.orphans or findings.missing_count or findings.found_again:
        print("\nNothing was changed; say --delete to do it.")
    return 1 if findings.missing_count else 0


def retain(*, dry_run: Annotated[bool, _Flag] = False) -> None:
    """
    Remove what is older than SAFELIGHT_RETENTION_… says; the relay does it by itself.

    Parameters
    ----------
    dry_run
        Only tell how much that is.
    """
    retention = configured().retention
    with prepared_platform() as platform:
        use_case = platform.use_cases().retain()
        due = use_case.forecast()
        for what, days, found in (
            ("originals", retention.originals_days, _said(due.originals)),
            ("results", retention.results_days, _said(due.results)),
            ("log entries, ended notices and sessions", retention.logs_days, f"{due.logs:,}"),
            ("audit trail", retention.audit_days, f"{due.audit:,}"),
        ):
            kept = f"older than {amount_of(days, 'day')}: {found}" if days else "kept for ever"
            print(f"{what}: {kept}")
        if dry_run:
            return
        total = due.originals.number + due.results.number + due.logs + due.audit
        with progress_of("Removing", total) as advance:
            while removed := use_case():
                advance(removed)
    print("Removed.")


def _said(amount: object) -> str:
    from application.ports.repositories.files import Amount

    assert isinstance(amount, Amount)
    return f"{amount.number:,} ({size_of(amount.byte_size)})"
