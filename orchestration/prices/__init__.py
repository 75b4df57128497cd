"""The price book: read from the installed ``genai-prices`` package, kept as an effective-dated seed.

What a price means, wherever it is used:

* The buckets are exclusive: ``input`` is what was neither read from nor written to a prompt cache.
* A kind without a row costs what its parent costs: ``cache_write_1h`` as ``cache_write``; ``cache_read`` and
  ``cache_write`` as ``input``; ``reasoning`` as ``output``; a meter as the text kind that `seeds/meters.csv` names as
  what it is part of. A row with 0 is a price of its own: free.
* Thresholds are cliffs: a call whose whole input, cached parts included, is more than ``above_tokens`` pays that row's
  price for all its tokens of the kind. A vendor whose limit is inclusive ("200,000 or more") is written one lower
  (199999), so that "more than" is right for all; the package does the same.
* A meter that is part of nothing (calls of tools, seconds, characters, pages) is unpriced without a price of its own.
* A row with ``hours_utc`` or ``weekdays`` wins within them over the row without, and one with a region over the row
  that holds everywhere; both with all their thresholds.
* ``service_tier`` is the tier that served the call. A variant that names only some kinds keeps the others at the
  standard price, and every row of that tier is written out. ``fast_speed`` and ``fast_search`` are no tiers of any log
  but price lists, which rows of `price_modifiers` name.
"""
