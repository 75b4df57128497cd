"""What the commands of `finops` do; `orchestration.cli` only declares them."""
