-- Why it moved
-- The three largest effects in the change of cost per accepted outcome, the last 28 days against the 28 before. All
-- effects of a use case add up to its change.
{{ largest_effects("comparison = 'trailing_28_days'") }}
