import contextlib
import io
import unittest
from unittest import mock

from machine import watch


class KeepLookingTest(unittest.TestCase):
    def looks(self, *outcomes):
        """How many looks there are until the watch ends, at a minute each."""
        self.now, self.looked = 0, 0
        remaining = iter(outcomes)

        def look():
            self.looked += 1
            self.now += 60
            outcome = next(remaining, SystemExit())
            if outcome:
                raise outcome

        with (
            mock.patch.object(watch.time, "sleep", lambda _: None),
            mock.patch.object(watch.time, "monotonic", lambda: self.now),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            watch.keep_looking(mock.Mock(look=look))

    def test_outlives_looks_that_fail(self):
        with self.assertRaises(SystemExit):
            self.looks(*[ValueError(), ValueError(), None] * 10)
        self.assertEqual(self.looked, 31)

    def test_ends_when_they_fail_for_minutes(self):
        with self.assertRaises(ValueError):
            self.looks(None, *[ValueError()] * 10)
        self.assertEqual(self.looked, 6)


if __name__ == "__main__":
    unittest.main()
