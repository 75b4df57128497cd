function trustPage(view) { return []; }
