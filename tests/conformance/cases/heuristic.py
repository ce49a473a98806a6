"""Heuristic freshness (RFC 9111 §4.2.2) by status (RFC 9110 §15.1)."""

from model import From, Kind, info, must, not_reused, reused, step

S = "9111 §4.2.2"
OLD = ("Last-Modified: @-86400", "Date: @0")

CACHEABLE = (200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501)
NOT_CACHEABLE = (201, 202, 302, 303, 307, 400, 403, 500, 502, 503, 504, 599)


def seconds_ago(seconds):
    return info(f"heuristic-delta-{seconds}", S, f"reuses what was modified {seconds} s ago",
                step(f"Last-Modified: @-{seconds}", "Date: @0", expect=From.ORIGIN),
                step(expect=From.STORE))


CASES = [
    *[reused(f"heuristic-{status}", S, f"reuses {status} by Last-Modified", *OLD, status=status)
      for status in CACHEABLE],
    *[not_reused(f"heuristic-not-{status}", S, f"does not reuse {status} by Last-Modified",
                 *OLD, status=status) for status in NOT_CACHEABLE],
    reused("heuristic-599-public", S, "reuses 599 if it is public", *OLD, "Cache-Control: public",
           status=599),
    reused("heuristic-201-public", S, "reuses 201 if it is public", *OLD, "Cache-Control: public",
           status=201),
    not_reused("heuristic-no-date", S, "none without a validator date", "ETag: \"a\""),
    not_reused("heuristic-future", S, "none with a Last-Modified in the future",
               "Last-Modified: @+86400", "Date: @0"),
    must("heuristic-share", S, "a tenth of the age, not more: 20 s unchanged is stale after 2 s",
         step("Last-Modified: @-20", "Date: @0", expect=From.ORIGIN, pause=3.5),
         step(expect=From.ORIGIN)),
    not_reused("heuristic-expired", S, "an expired Expires is not mended by Last-Modified", *OLD,
               "Expires: @-10"),
    not_reused("heuristic-max-age-0", S, "nor max-age=0", *OLD, "Cache-Control: max-age=0"),
    reused("heuristic-pragma", "9111 §5.4", "a Pragma in an answer means nothing", *OLD,
           "Pragma: no-cache", kind=Kind.INFO),
    not_reused("heuristic-delta-5", S, "does not reuse what was modified 5 s ago: below 1 s",
               "Last-Modified: @-5", "Date: @0", kind=Kind.INFO),
    *[seconds_ago(n) for n in (30, 60, 300, 600, 1200, 1800, 3600, 43200, 86400)],
]
