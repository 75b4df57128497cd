-- Guarantees one row per month and use case with anything on it, cohort basis: the eight metrics with what they are made
-- of. Costs are lower bounds while `unpriced_attempts`, `uncosted_tickets` or `uncosted_delays` is above zero.
{{ use_case_periods('month', 'int_response_times_monthly') }}
