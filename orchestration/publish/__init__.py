"""An audited build becomes what readers see: its files, its hash, its record, its repair after a crash."""
