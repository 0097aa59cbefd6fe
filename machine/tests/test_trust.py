import unittest

from machine.trust import have_none_in_common

BODIES = {"a": "MIIBa\nAAAA", "b": "MIIBb\nBBBB", "c": "MIIBc\nCCCC"}


def pem(names, newline="\n"):
    return newline.join(
        f"-----BEGIN CERTIFICATE-----\n{BODIES[name]}\n-----END CERTIFICATE-----\n".replace("\n", newline)
        for name in names
    )


class TrustTest(unittest.TestCase):
    def test_table(self):
        rows = [
            ("the same", pem("ab"), pem("ab"), False),
            ("another order", pem("ab"), pem("ba"), False),
            ("one was replaced", pem("ab"), pem("bc"), False),
            ("one was added", pem("a"), pem("abc"), False),
            ("other ends of lines", pem("a"), pem("a", "\r\n"), False),
            ("all are new", pem("ab"), pem("c"), True),
            ("none yet", "", pem("a"), False),
            ("what comes is none", pem("a"), "no certificate", False),
        ]
        for name, used, wanted, expected in rows:
            with self.subTest(name):
                self.assertEqual(have_none_in_common(used, wanted), expected)


if __name__ == "__main__":
    unittest.main()
