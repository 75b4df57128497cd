-- One row is one list price of the second book, with columns as in the first: one token kind over one half-open interval,
-- in one part of the week, as known from an instant on.
{{ listed_prices(ref('second_prices')) }}
