"""The rows, by subject. ALL has them in the order of the table."""

from cases import (age, authorization, conditional, directives, expires, fields, forwarding, head,
                   heuristic, invalidation, lifetime, partial, requests, stale, status, targeted,
                   update, vary)

GROUPS = (("Freshness lifetime", lifetime), ("Expires", expires), ("Age", age),
          ("Heuristic freshness", heuristic), ("Status codes", status),
          ("Response directives", directives), ("Authorization", authorization),
          ("Targeted fields", targeted), ("Stored fields", fields), ("Vary", vary),
          ("Conditional requests", conditional), ("Freshening by 304", update), ("HEAD", head),
          ("Invalidation", invalidation), ("Stale answers", stale), ("Ranges", partial),
          ("Request directives", requests), ("Forwarding", forwarding))

ALL = [(name, case) for name, module in GROUPS for case in module.CASES]
