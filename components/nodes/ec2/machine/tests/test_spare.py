import os
import tempfile
import unittest
from unittest import mock

from machine import places, spare


class SpareTest(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(mock.patch.object(places, "STATE", folder))
        for name in ("SPARE", "SOCKET"):
            self.enterContext(mock.patch.object(places, name, os.path.join(folder, name)))
        open(places.SOCKET, "w").close()

        self.spare = spare.Spare()

    def look(self, free):
        with mock.patch.object(spare, "free_bytes", lambda: free), mock.patch.object(spare, "say"):
            self.spare.look()
        return os.path.exists(places.SPARE) and os.stat(places.SPARE).st_blocks * 512

    def test_is_kept_where_there_is_plenty(self):
        self.assertFalse(self.look(spare.PLENTY - 1))
        self.assertGreaterEqual(self.look(spare.PLENTY), spare.SIZE)

    def test_is_given_back_when_the_disk_is_full_and_not_before(self):
        self.look(spare.PLENTY)
        for free in (spare.LEAST, spare.LEAST - 1, spare.LEAST, spare.LEAST - 1):
            self.assertTrue(self.look(free))
        self.assertFalse(self.look(spare.LEAST - 1))
        self.assertFalse(self.look(spare.SIZE))

    def test_is_nothing_before_the_daemon_runs(self):
        os.remove(places.SOCKET)
        self.assertFalse(self.look(spare.PLENTY))
