"""Unit tests as users write them for a program with images: docs/testing.md."""

import unittest

import pulumi


class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        outputs = dict(args.inputs)
        if args.typ == "multi-platform-image:index:MultiPlatformImage":
            outputs["indexDigest"] = "sha256:" + "1" * 64
            outputs["ref"] = f"{args.inputs['tags'][0]}@{outputs['indexDigest']}"
        return [f"{args.name}-id", outputs]

    def call(self, args):
        return {}


pulumi.runtime.set_mocks(Mocks())

import pulumi_multi_platform_image as mpi  # noqa: E402


class Images(unittest.TestCase):
    @pulumi.runtime.test
    def test_what_a_service_runs(self):
        image = mpi.MultiPlatformImage("api", context="./api", tags=["ghcr.io/acme/api:1.0"])

        def check(ref):
            self.assertEqual(ref, "ghcr.io/acme/api:1.0@sha256:" + "1" * 64)

        return image.ref.apply(check)

    @pulumi.runtime.test
    def test_a_builder_as_an_argument(self):
        builder = mpi.Builder("builders", nodes=[{"kind": "ec2", "platform": "linux/arm64"}])
        image = mpi.MultiPlatformImage("api", platforms=["linux/arm64"], tags=["a.example/b:1"], builder=builder)
        return image.index_digest.apply(lambda digest: self.assertTrue(digest.startswith("sha256:")))


if __name__ == "__main__":
    unittest.main()
