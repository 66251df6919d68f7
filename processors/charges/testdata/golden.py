#!/usr/bin/env python3
"""The golden month: March 2026 in Europe/Stockholm, worked out with decimals, apart from the Go code.

Writes prices.csv, lines.csv, usage.csv (what the test puts into the store) and want.csv (what the
charges must be) beside itself. The test does not run it. Times are UTC in milliseconds.
"""
import csv, os
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal as D, ROUND_HALF_UP, getcontext
from fractions import Fraction
from zoneinfo import ZoneInfo

getcontext().prec = 60
ZONE, UTC = ZoneInfo("Europe/Stockholm"), ZoneInfo("UTC")
DAYS = 31
HERE = os.path.dirname(os.path.abspath(__file__))
ms = lambda t: int(t.timestamp()) * 1000
local = lambda day, h=0, m=0, s=0: ms(datetime(2026, 3, day, h, m, s, tzinfo=ZONE))
FOREVER = 0
START = ms(datetime(2025, 1, 1, tzinfo=ZONE))

# id, version, operator, plan, service, class, zone, per, price, opening, first, next, bundle, included, pool, prorated, from, to
PRICES = [
    ("n/1/fee-a", "1", "N", "A", "subscription", "", "", "month", "99", "0", 0, 0, "", 0, "", 1, START, 0),
    ("n/1/fee-b", "1", "N", "B", "subscription", "", "", "month", "149.50", "0", 0, 0, "", 0, "", 1, START, 0),
    ("n/1/fee-c", "1", "N", "C", "subscription", "", "", "month", "59", "0", 0, 0, "", 0, "", 0, START, 0),
    ("n/1/credit", "1", "N", "B", "credit", "", "", "month", "-12.345678", "0", 0, 0, "", 0, "", 0, START, 0),
    ("n/2/fee-c", "2", "N", "C", "subscription", "", "", "month", "61", "0", 0, 0, "", 0, "", 0, local(1), 0),  # a later version of fee-c
    ("n/1/voice", "1", "N", "", "voice_out", "", "", "minute", "0.79", "0.49", 60, 30, "talk", 0, "", 0, START, 0),
    ("n/1/sms", "1", "N", "", "sms", "", "", "SMS", "0.333333", "0", 0, 0, "texts", 0, "", 0, START, 0),
    ("n/1/data", "1", "N", "", "data", "", "", "MB", "0.15", "0", 0, 0, "surf", 0, "", 0, START, 0),
    ("n/1/premium", "1", "N", "", "premium", "", "", "minute", "5", "9.90", 0, 0, "", 0, "", 0, START, 0),
    ("n/1/talk-a", "1", "N", "A", "", "", "", "bundle", "0", "0", 0, 0, "talk", 20, "", 1, START, 0),
    ("n/1/talk-b", "1", "N", "B", "", "", "", "bundle", "0", "0", 0, 0, "talk", 30, "", 1, START, 0),
    ("n/1/talk-c", "1", "N", "C", "", "", "", "bundle", "0", "0", 0, 0, "talk", 45, "fixed", 0, START, 0),
    ("n/1/texts", "1", "N", "", "", "", "", "bundle", "0", "0", 0, 0, "texts", 7, "", 0, START, 0),
    ("n/1/surf-a", "1", "N", "A", "", "", "", "bundle", "0", "0", 0, 0, "surf", 25, "shared", 1, START, 0),
    ("n/1/surf", "1", "N", "", "", "", "", "bundle", "0", "0", 0, 0, "surf", 80, "", 0, START, 0),
    ("n/1/fair", "1", "N", "", "", "", "eea", "fair_use", "0.021", "0", 0, 0, "surf", 30, "", 0, START, 0),
    ("n/1/rebate", "1", "N", "", "voice_out", "", "", "percent", "-7.5", "0", 0, 0, "", 0, "", 0, START, 0),
    ("n/1/rebate-all", "1", "N", "B", "", "", "", "percent", "-1.01", "0", 0, 0, "", 0, "", 0, START, 0),
]
PN = "id version operator plan service class zone per price opening first next bundle included pool prorated from to".split()
PRICES = [dict(zip(PN, p)) for p in PRICES]

# line, unit, centre, operator, plan, from, to
LINES = [
    ("L1", "U1", "100", "N", "A", START, 0),
    ("L2", "U1", "100", "N", "A", START, local(16)), ("L2", "U1", "100", "N", "B", local(16), 0),      # changes plan
    ("L3", "U2", "200", "N", "A", START, local(11)),                                                  # ends
    ("L4", "U2", "", "N", "B", START, local(29)), ("L4", "U1", "100", "N", "B", local(29), 0),          # moves on the day of the clocks
    ("L5", "U2", "200", "N", "C", START, 0),
    ("L6", "U2", "200", "N", "C", local(20, 15), 0),                                                  # begins during a day
    ("L7", "U1", "100", "N", "C", START, local(5)), ("L7", "U1", "100", "N", "A", local(5), 0),         # the fee is C's
    ("L8", "U2", "200", "", "", START, 0),                                                           # pays nothing
]
UNITS = {"U1": "100", "U2": "299"}

def state(line, at):
    best = None
    for l in LINES:
        if l[0] == line and l[5] <= at and (l[6] == 0 or at < l[6]) and (best is None or l[5] > best[5]):
            best = l
    return best

def day_end(d):  # 1-based; the last millisecond of the local day
    return ms(datetime(2026, 3, d, tzinfo=ZONE) + timedelta(days=1)) - 1

def usage():
    """A fixed sequence of numbers stands for what was used."""
    x = 20260301
    def rnd(n):
        nonlocal x
        x = (x * 6364136223846793005 + 1442695040888963407) % 2**64
        return (x >> 33) % n
    first, last = local(1), ms(datetime(2026, 4, 1, tzinfo=ZONE)) - 1
    times = {first, last, ms(datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)), ms(datetime(2026, 3, 29, 1, 0, 0, tzinfo=UTC))}
    out = []
    for n in range(420):
        at = first + rnd(last - first)
        if n < 4:
            at = sorted(times)[n]
        line = "L%d" % (1 + rnd(7))
        s = state(line, at)
        if s is None:
            continue
        service = ["voice_out", "voice_out", "sms", "data", "data", "premium"][rnd(6)]
        zone = ["home", "eea", "world"][rnd(3)] if service == "data" else "home"
        row = dict(event="%032x" % (rnd(2**31) * 2**64 + n), line=line, unit=s[1], centre=s[2] or UNITS[s[1]], operator="N", plan=s[4], service=service, zone=zone, at=at,
                   duration=rnd(400) if service in ("voice_out", "premium") else 0, bytes=rnd(9_000_000) if service == "data" else 0, messages=1 + rnd(2) if service == "sms" else 0)
        row["price"] = {"voice_out": "n/1/voice", "sms": "n/1/sms", "data": "n/1/data", "premium": "n/1/premium"}[service]
        row["rated"], row["reason"] = "0", "bundle"
        if service == "premium":
            row["rated"], row["reason"] = str(money(Fraction(D("5")) * row["duration"] / 60) + D("9.90")), "rated"
        out.append(row)
    # Two records at the same moment: the event id decides. And what lies just outside the month.
    for n, r in enumerate([r for r in out if r["service"] == "sms"][:6]):
        out.append(dict(r, event="%032x" % (n * 7919 + 5)))
    for n, at in enumerate([first - 1, last + 1]):
        out.append(dict(out[0], event="%032x" % (n + 1), at=at))
    return out

def money(x):
    x = Fraction(x)
    return (D(x.numerator) / D(x.denominator)).quantize(D("0.000001"), rounding=ROUND_HALF_UP)

def seconds(p, d):
    if d == 0:
        return 0
    left, out = d - int(p["first"]), int(p["first"])
    while left > 0:
        out += max(1, int(p["next"]))
        left -= max(1, int(p["next"]))
    return out

def rows(per, bundle, plan, zone):
    found = [p for p in PRICES if p["per"] == per and p["bundle"] == bundle and p["plan"] in ("", plan) and p["zone"] in ("", zone)]
    return sorted(found, key=lambda p: -sum(1 for k in ("plan", "zone") if p[k]))[:1]

def share(p, base, days):
    whole = int(p["included"]) * base
    return whole * days // DAYS if p["prorated"] else whole

def days_with(line, plan):
    return sum(1 for d in range(1, DAYS + 1) if (s := state(line, day_end(d))) and s[4] == plan and s[3] == "N")

def charges(records):
    out, detail_base = defaultdict(lambda: [0, D(0)]), defaultdict(D)
    def add(kind, r, price, bundle, service, unit, q, amount):
        c = out[(kind, r["line"], r["unit"], r["centre"], r["operator"], r["plan"], price, bundle, service, unit)]
        c[0] += q
        c[1] += amount
    for line in sorted({l[0] for l in LINES}):
        first, shown = True, defaultdict(int)
        for d in range(1, DAYS + 1):
            s = state(line, day_end(d))
            if s is None:
                continue
            who = dict(line=line, unit=s[1], centre=s[2] or UNITS[s[1]], operator=s[3], plan=s[4])
            for p in PRICES:
                if p["per"] != "month" or (p["operator"], p["plan"]) != (s[3], s[4]) or p["id"] == "n/1/fee-c" or p["from"] > day_end(d):
                    continue
                kind, price = ("credit" if p["price"].startswith("-") else "fee"), Fraction(D(p["price"]))
                if p["prorated"]:
                    n = shown[p["id"]]
                    shown[p["id"]] += 1
                    add(kind, who, p["id"], "", p["service"], "day", 1, money(price * (n + 1) / DAYS) - money(price * n / DAYS))
                elif first:
                    add(kind, who, p["id"], "", p["service"], "month", 1, D(p["price"]))
            first = False
    inside = sorted((r for r in records if local(1) <= r["at"] <= day_end(DAYS)), key=lambda r: (r["at"], r["event"]))
    used = defaultdict(int)
    for r in inside:
        p = next(p for p in PRICES if p["id"] == r["price"])
        amounts = [D(r["rated"])]
        if r["reason"] == "bundle":
            base, unit = {"minute": (60, "s"), "MB": (1000000, "byte"), "SMS": (1, "SMS")}[p["per"]]
            q = {"s": seconds(p, r["duration"]), "byte": r["bytes"], "SMS": r["messages"]}[unit]
            (b,), fair = rows("bundle", p["bundle"], r["plan"], r["zone"]), rows("fair_use", p["bundle"], r["plan"], r["zone"])
            if b["pool"] == "shared":
                holds = sum(share(b, base, days_with(l, r["plan"])) for l in {l[0] for l in LINES} if days_with(l, r["plan"]))
            elif b["pool"] == "fixed":
                holds = int(b["included"]) * base
            else:
                holds = share(b, base, days_with(r["line"], r["plan"]))
            key = (b["id"], r["plan"], "" if b["pool"] else r["line"])
            allowed, barred = q, False
            if fair:
                fkey = (fair[0]["id"], r["plan"], r["line"])
                allowed, barred = max(0, min(q, 30_000_000 - used[fkey])), used[fkey] >= 30_000_000
                used[fkey] += q
            begins = used[key] >= holds and not barred
            beyond = max(0, used[key] + allowed - max(holds, used[key]))
            used[key] += allowed
            amounts = []
            if beyond or begins:
                a = money(Fraction(D(p["price"])) * beyond / base) + (D(p["opening"]) if begins and unit == "s" else 0)
                if beyond or a:
                    add("overage", r, p["id"], p["bundle"], r["service"], unit, beyond, a)
                    amounts.append(a)
            if q > allowed:
                a = money(Fraction(D(fair[0]["price"])) * (q - allowed) / base)
                add("fair_use", r, fair[0]["id"], p["bundle"], r["service"], unit, q - allowed, a)
                amounts.append(a)
        for a in amounts:
            if a:
                detail_base[(r["line"], r["unit"], r["centre"], r["operator"], r["plan"], r["service"])] += a
    for (line, unit, centre, operator, plan, service), total in detail_base.items():
        for p in PRICES:
            if p["per"] == "percent" and p["plan"] in ("", plan) and p["service"] in ("", service):
                add("rebate", dict(line=line, unit=unit, centre=centre, operator=operator, plan=plan), p["id"], "", service, "", 0, money(Fraction(total) * Fraction(D(p["price"])) / 100))
    return out

def write(name, head, body):
    with open(os.path.join(HERE, name), "w", newline="") as f:
        w = csv.writer(f, delimiter=";", lineterminator="\n")
        w.writerow(head)
        w.writerows(body)

if __name__ == "__main__":
    records = usage()
    write("prices.csv", PN, [[p[k] for k in PN] for p in PRICES])
    write("lines.csv", "line unit centre operator plan from to".split(), LINES)
    head = "event line unit centre operator plan service zone at duration bytes messages price rated reason".split()
    write("usage.csv", head, [[r[k] for k in head] for r in records])
    write("want.csv", "kind line unit centre operator plan price bundle service measure quantity amount".split(),
          sorted([*k, q, f"{a:.6f}"] for k, (q, a) in charges(records).items()))
