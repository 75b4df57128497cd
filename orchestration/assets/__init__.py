"""The asset graph: landing, raw, reference, plan, every dbt model, audits, published."""
