import unittest

from machine.decision import decide

MINUTE = 60


class DecisionTest(unittest.TestCase):
    def test_table(self):
        # now, last active, lease until, idle timeout, lifetime: the reason
        rows = [
            ("just booted", 1, 0, 0, 10, None, None),
            ("never used", 10 * MINUTE, 0, 0, 10, None, "it was idle for 10 minutes"),
            ("one second before", 10 * MINUTE - 1, 0, 0, 10, None, None),
            ("a build counts until it was last seen", 19 * MINUTE, 10 * MINUTE, 0, 10, None, None),
            ("idle since the build", 20 * MINUTE, 10 * MINUTE, 0, 10, None, "it was idle for 10 minutes"),
            ("a lease that lives", 60 * MINUTE, 0, 60 * MINUTE + 30, 10, None, None),
            ("idle since the lease's end", 60 * MINUTE, 0, 50 * MINUTE, 10, None, "it was idle for 10 minutes"),
            ("a lease of long before the boot", 9 * MINUTE, 0, -1000 * MINUTE, 10, None, None),
            ("never for being idle", 10_000 * MINUTE, 0, 0, None, None, None),
            (
                "lifetime, with a build",
                60 * MINUTE,
                60 * MINUTE,
                0,
                10,
                60,
                "its maximum lifetime of 60 minutes is over",
            ),
            (
                "lifetime, with a lease",
                60 * MINUTE,
                0,
                90 * MINUTE,
                None,
                60,
                "its maximum lifetime of 60 minutes is over",
            ),
            ("before the lifetime's end", 60 * MINUTE - 1, 60 * MINUTE - 1, 0, 10, 60, None),
            ("half a minute", 30, 0, 0, 0.5, None, "it was idle for 0.5 minutes"),
        ]
        for name, now, last_active, lease_until, idle, lifetime, expected in rows:
            with self.subTest(name):
                settings = {"isEphemeral": False, "idleTimeoutMinutes": idle, "maxLifetimeMinutes": lifetime}
                self.assertEqual(decide(now, last_active, lease_until, settings), expected)
                # Refusals alone are the end of ephemeral nodes, and builds postpone that.
                self.assertEqual(decide(now, last_active, lease_until, settings, 99), expected)
                ephemeral = {**settings, "isEphemeral": True}
                self.assertEqual(decide(now, last_active, lease_until, ephemeral, 99, True), expected)

    def test_builder_gone(self):
        settings = {"isEphemeral": True, "idleTimeoutMinutes": None, "maxLifetimeMinutes": None}
        gone = "its builder is gone: AWS has no settings for it any more"
        for refusals, is_busy, expected in ((1, False, None), (2, True, None), (2, False, gone), (3, False, gone)):
            with self.subTest(refusals=refusals, is_busy=is_busy):
                self.assertEqual(decide(30, 0, 60, settings, refusals, is_busy), expected)


if __name__ == "__main__":
    unittest.main()
