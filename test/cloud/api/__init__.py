"""The AWS API of the tests: moto, made as strict, as slow and as late as AWS is where build nodes depend on it."""
