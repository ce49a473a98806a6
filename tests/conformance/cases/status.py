"""Every final status with explicit freshness can be stored, unknown ones too (RFC 9111 §3)."""

from model import From, Kind, must, not_reused, optimal, reused, step

S = "9111 §3"
LIFETIME = ("Expires: @+100000", "Cache-Control: max-age=100000", "Last-Modified: @0")

STATUSES = (200, 203, 204, 299, 301, 302, 303, 307, 308, 404, 410, 499, 500, 502, 503, 504,
            599)


def becomes_stale(status):
    return must(f"status-{status}-stale", "9111 §4", f"does not reuse a stale {status}",
                step("Expires: @-5000", "Last-Modified: @-100000", "Date: @0", status=status,
                     expect=From.ORIGIN),
                step(status=status, expect=From.ORIGIN))


CASES = [
    *[reused(f"status-{status}-fresh", S, f"reuses {status} with explicit freshness", *LIFETIME,
             status=status) for status in STATUSES],
    *[becomes_stale(status) for status in STATUSES],
    reused("status-999-fresh", S, "reuses 999 with explicit freshness", *LIFETIME, status=999,
           kind=Kind.INFO),
    not_reused("status-999-passes", "9110 §15", "999 passes unchanged", "Cache-Control: no-store",
               status=999),
    reused("status-201-fresh", S, "reuses 201 with explicit freshness", *LIFETIME, status=201),
    reused("status-202-fresh", S, "reuses 202 with explicit freshness", *LIFETIME, status=202),
    reused("status-403-fresh", S, "reuses 403 with explicit freshness", *LIFETIME, status=403),
    reused("status-405-fresh", S, "reuses 405 with explicit freshness", *LIFETIME, status=405),
    *[not_reused(f"status-{status}-never", "6585 §3–§6", f"{status} is not stored", *LIFETIME,
                 status=status) for status in (428, 429, 431, 511)],
    *[not_reused(f"status-{status}-never", S, f"{status}, which a request can provoke, is not stored",
                 *LIFETIME, status=status, kind=Kind.INFO) for status in (400, 413)],
    not_reused("status-206-unasked", "9111 §3.3", "a 206 that nobody asked for is not stored",
               *LIFETIME, "Content-Range: bytes 0-3/10", status=206, body=b"0123"),
    not_reused("status-must-understand", "9111 §5.2.2.3",
               "must-understand with an unknown status is not stored",
               "Cache-Control: max-age=3600, must-understand", status=599),
    optimal("status-must-understand-200", "9111 §5.2.2.3",
            "must-understand with a known status is, in spite of no-store",
            step("Cache-Control: max-age=3600, must-understand, no-store", expect=From.ORIGIN),
            step(expect=From.STORE)),
]
