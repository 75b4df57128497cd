function releasesPage(view) { return []; }
