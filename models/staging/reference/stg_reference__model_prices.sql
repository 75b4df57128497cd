-- One row is one list price of one token kind over one half-open interval, in one part of the week, as known from an
-- instant on.
{{ listed_prices(ref('model_prices')) }}
