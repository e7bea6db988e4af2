"""Makes the checked candidates of silver's tables what readers see: the main branch is moved to them."""

import wiring


def main() -> None:
    for name in ("orders", "quarantine", "batches"):
        found = wiring.table("spark", "silver", name)
        if found.current_snapshot() != found.snapshot_by_name(wiring.CANDIDATE):
            found.manage_snapshots().set_current_snapshot(ref_name=wiring.CANDIDATE).commit()
    wiring.report()


if __name__ == "__main__":
    main()
