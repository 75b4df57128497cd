function useCasePage(view) { return []; }
