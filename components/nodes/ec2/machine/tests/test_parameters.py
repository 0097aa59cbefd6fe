import unittest

from machine import parameters


class LeaseTest(unittest.TestCase):
    def test_the_latest_counts(self):
        for text, expected in (
            ('{"a": 5, "b": 7.5}', 7.5),
            ("{}", 0),
            (None, 0),
            ("", 0),
            ("no JSON", 0),
            ('["x"]', 0),
            ('{"a": null}', 0),
            # What is no time does not hide what is.
            ('{"a": 5, "b": {"until": 9}, "c": "soon", "d": [9], "e": true}', 5),
            ('{"a": 5, "b": NaN, "c": 1e999, "d": 1' + "0" * 400 + "}", 5),
        ):
            with self.subTest(text):
                self.assertEqual(parameters.lease_of(parameters.claims_of(text)), expected)

    def test_only_its_own_counts_for_an_ephemeral_node(self):
        claims = parameters.claims_of('{"i-1": 5, "i-2": 7, "i-1 cold": 9, "up-1": 8}')
        self.assertEqual([parameters.lease_of(claims, own) for own in ("i-1", "i-2", "i-3")], [5, 7, 0])


if __name__ == "__main__":
    unittest.main()
