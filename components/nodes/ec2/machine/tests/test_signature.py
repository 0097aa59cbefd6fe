import unittest

from machine.signature import sign

# https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-test-suite.html
CREDENTIALS = {"accessKey": "AKIDEXAMPLE", "secretKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
TIME = "20150830T123600Z"


def signature(method, headers, body=b"", credentials=CREDENTIALS):
    request = {"method": method, "path": "/", "headers": {"Host": "example.amazonaws.com", **headers}, "body": body}
    return sign(request, credentials, "us-east-1", "service", TIME)["Authorization"]


class SignatureTest(unittest.TestCase):
    def test_vectors(self):
        vectors = [
            (
                "get-vanilla",
                "GET",
                {},
                b"",
                "host;x-amz-date",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "post-vanilla",
                "POST",
                {},
                b"",
                "host;x-amz-date",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "post-x-www-form-urlencoded",
                "POST",
                {"Content-Type": "application/x-www-form-urlencoded"},
                b"Param1=value1",
                "content-type;host;x-amz-date",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ]
        for name, method, headers, body, signed, expected in vectors:
            with self.subTest(name):
                self.assertEqual(
                    signature(method, headers, body),
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                    f"SignedHeaders={signed}, Signature={expected}",
                )

    def test_signs_the_session_token(self):
        with_token = signature("GET", {}, credentials={**CREDENTIALS, "token": "session"})
        self.assertIn("SignedHeaders=host;x-amz-date;x-amz-security-token,", with_token)


if __name__ == "__main__":
    unittest.main()
