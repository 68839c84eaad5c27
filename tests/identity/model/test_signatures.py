"""Signatures of AWS, held against the examples of its own documents."""

import pytest

from pilvi.errors import Unauthenticated
from pilvi.identity.model.signatures import SignedRequest, sign_ec2, sign_s3

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_version_2_as_in_the_signing_guide() -> None:
    params = {
        "AWSAccessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "Action": "DescribeJobFlows",
        "SignatureVersion": "2",
        "Timestamp": "2011-10-03T15:19:30",
        "Version": "2009-03-31",
    }
    request = SignedRequest("GET", "elasticmapreduce.amazonaws.com", "/", params)
    assert sign_ec2(SECRET, request) == "i91nKc4PWAt0JJIdXwz9HxZCJDdiy6cf/Mj6vPxyYIs="


def test_version_4_as_in_the_test_suite() -> None:
    """get-vanilla."""
    scope = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
    signed = "AWS4-HMAC-SHA256 Credential={}, SignedHeaders=host;x-amz-date, Signature=x"
    headers = {
        "authorization": signed.format(scope),
        "host": "example.amazonaws.com",
        "x-amz-date": "20150830T123600Z",
    }
    request = SignedRequest("GET", "example.amazonaws.com", "/", {}, headers, EMPTY)
    expected = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    assert sign_ec2(secret, request) == expected
    assert sign_ec2(secret + "x", request) != expected


def test_s3_in_both_versions() -> None:
    text = b"GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/awsexamplebucket1/photos/puppy.jpg"
    assert sign_s3(SECRET, text) == "qgk2+6Sv9/oM7G3qLEjTH1a1l1g="
    digest = "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972"
    lines = ("AWS4-HMAC-SHA256", "20130524T000000Z", "20130524/us-east-1/s3/aws4_request", digest)
    expected = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    assert sign_s3(SECRET, "\n".join(lines).encode()) == expected


@pytest.mark.parametrize("version", ["0", "1", "3", ""])
def test_weak_versions_are_refused(version: str) -> None:
    with pytest.raises(Unauthenticated, match="version 2 or 4"):
        sign_ec2(SECRET, SignedRequest("GET", "h", "/", {"SignatureVersion": version}))


@pytest.mark.parametrize(
    "text", [b"AWS4", b"AWS4-HMAC-SHA256\n1\n2\n3", b"AWS4-HMAC-SHA256\n1\na/b/ec2/aws4_request\n3"]
)
def test_s3_is_signed_for_s3(text: bytes) -> None:
    with pytest.raises(Unauthenticated):
        sign_s3(SECRET, text)
