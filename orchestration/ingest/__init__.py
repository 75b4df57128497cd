"""Landing files to raw tables: verify, read, refuse, load and write down what happened to each row."""
