"""Unusual and invalid parts of HTTP requests: methods, paths, query values and header lines."""

from typing import Final

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "post", "QUERY")

_PATHS: Final = "%00 % %zz %ff .. %2e%2e%2f ;x %F0%9F%98%80 a/b a%2Fb \xff"
UNUSUAL_PATHS: Final = (*_PATHS.split(), " ", "x" * 300)

_QUERY_VALUES: Final = "= && %00 % %ff \xff 0 -1 1.5 \u0661 null"
UNUSUAL_QUERY_VALUES: Final = (*_QUERY_VALUES.split(), "", "1" * 30, "a" * 3_000)

# Valid header lines that a batch should not have, or not together.
_VALID_LINES: Final = b"""
Authorization:
Authorization: Basic
Authorization: Basic !!!!
Authorization: Basic AAAA
Authorization: Basic Og==
Authorization: Basic \xff\xfe
Authorization: Bearer
Authorization: Bearer \xe9
Authorization: Digest x
Content-Type:
Content-Type: text/plain
Content-Type: application/json; charset=latin-1
Content-Type: application/json;charset=UTF-8
Content-Type: application/json; charset=\xff
Content-Type: \xff
Content-Encoding:
Content-Encoding: gzip
Content-Encoding: zstd
Content-Encoding: gzip, gzip
Content-Encoding: br
Content-Encoding: identity
Content-Encoding: \xff
Idempotency-Key:
Idempotency-Key: a
Idempotency-Key: "a"
Idempotency-Key: "
Idempotency-Key: "a", "b"
Idempotency-Key: a\tb
Idempotency-Key: \xff
Accept: \xff
Accept-Encoding: *;q=0
X-Forwarded-For: not an address, \xff
X-Forwarded-For: ::1
X-Forwarded-Proto: \xff
Cookie: a=\xff; ;;=
Range: bytes=0-
If-None-Match: *
Host:
Host: other
Connection: close
Connection: upgrade
Upgrade: websocket
Upgrade: h2c
Expect: 100-continue
"""
UNUSUAL_HEADERS: Final = (
    *_VALID_LINES.strip().split(b"\n"),
    b"Authorization: Basic " + b"YTp4" * 5_000,
    b"Idempotency-Key: " + b"k" * 256,
)

# Invalid header lines. A server may close the connection without a response.
_INVALID_LINES: Final = b"""
no colon
: no name
 folded
Na me: x
Bad\x00: x
X: a\x00b
X: a\rb
\xff: x
Content-Length: -1
Content-Length: 1e3
Content-Length: 99999999999999999999
Content-Length: 5, 6
Transfer-Encoding: gzip
Transfer-Encoding: chunked, chunked
Transfer-Encoding: \xff
"""
INVALID_HEADERS: Final = (*_INVALID_LINES.strip(b"\n").split(b"\n"), b"X" * 70_000)
