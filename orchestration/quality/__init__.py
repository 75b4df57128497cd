"""Great Expectations suites over what has landed and over what is about to be published."""
