function budgetsPage(view) { return []; }
