#!/usr/bin/env python3
"""Works out who bears the month of testdata/month, from the rules as docs/allocation.md tells them,
with decimals and without the program: month/postings.csv and month/repayments.csv. Run it in this
folder after changing what the month is made of. It needs nothing but Python's own library."""
import csv
from datetime import datetime, timezone
from decimal import Decimal, ROUND_DOWN, ROUND_HALF_UP, getcontext
from zoneinfo import ZoneInfo

getcontext().prec = 60
MILLIONTH, ORE, ZONE = Decimal("0.000001"), Decimal("0.01"), ZoneInfo("Europe/Stockholm")


def table(name):
    with open(f"month/{name}.csv", newline="") as f:
        return list(csv.DictReader(f, delimiter=";"))


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def in_force(row, at):
    return moment(row["valid_from"]) <= at and (not row["valid_to"] or at < moment(row["valid_to"]))


RULES, APPROVALS, RATES = table("rules"), table("approvals"), table("rates")


def fits(rule, use):
    for key in ("line_id", "unit_id", "cost_centre", "operator", "service", "line_kind", "role"):
        if rule[key] and rule[key] != use[key]:
            return False
    if rule["device"] == "jabber":
        return use["device"].startswith("jabber")
    return not rule["device"] or rule["device"] == use["device"]


def targets_of(use):
    """The targets of the rule that holds, in their order; [] where none does."""
    best = []
    for rule_id in {r["rule_id"] for r in RULES}:
        begun = [r for r in RULES if r["rule_id"] == rule_id and moment(r["valid_from"]) <= use["at"]]
        if not begun:
            continue
        newest = max(r["valid_from"] for r in begun)
        live = sorted((r for r in begun if r["valid_from"] == newest and in_force(r, use["at"])), key=lambda r: int(r["target"]))
        if not live or not fits(live[0], use):
            continue
        if not best or (int(live[0]["priority"]), rule_id) < (int(best[0]["priority"]), best[0]["rule_id"]):
            best = live
    return best


def vat_of(use):
    if not use["operator"]:
        return Decimal(0)
    if use["currency"] in ("", "SEK"):
        return Decimal(use["vat"])
    rates = [r for r in RATES if r["currency"] == use["currency"] and in_force(r, use["at"])]
    if not rates:
        return Decimal(0)
    worth = Decimal(max(rates, key=lambda r: r["valid_from"])["rate"])
    return (Decimal(use["vat"]) * worth).quantize(MILLIONTH, ROUND_HALF_UP)


def approved(use):
    return any(a["kind"] == "private" and in_force(a, use["at"]) and
               (a["line_id"] == use["line_id"] if a["line_id"] else a["unit_id"] != "" and a["unit_id"] == use["unit_id"]) for a in APPROVALS)


def split(amount, weights):
    total, sign = sum(weights), -1 if amount < 0 else 1
    exact = [abs(amount) * w / total for w in weights]
    parts = [e.quantize(MILLIONTH, ROUND_DOWN) for e in exact]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[:int((abs(amount) - sum(parts)) / MILLIONTH)]:
        parts[i] += MILLIONTH
    return [sign * p for p in parts]


uses = []
for row in table("usage"):
    row["at"] = moment(row["occurred_at"])
    if (local := row["at"].astimezone(ZONE)).year == 2026 and local.month == 3:
        uses.append(row)

postings, heaps, holders, used, taken = {}, {}, {}, {}, {}


def post(key, records, cost, vat):
    n, c, v = postings.get(key, (0, Decimal(0), Decimal(0)))
    postings[key] = (n + records, c + cost, v + vat)


for use in uses:
    cost, vat, live = Decimal(use["cost"]), vat_of(use), targets_of(use)
    tail = (use["kind"], use["service"], use["operator"])
    if use["kind"] != "fee":
        used[use["cost_centre"]] = used.get(use["cost_centre"], 0) + 1
    if use["private"] == "1" and cost != 0 and use["holder"] and not approved(use):
        post((use["cost_centre"], use["unit_id"], "", "") + tail + ("", "true"), 1, cost, vat)
        n, c, v = holders.get(use["holder"], (0, Decimal(0), Decimal(0)))
        holders[use["holder"]] = (n + 1, c + cost, v + vat)
        continue
    rule = live[0]["rule_id"] if live else ""
    if use["kind"] != "fee":
        taken[rule, use["cost_centre"]] = taken.get((rule, use["cost_centre"]), 0) + 1
    key = (rule, tuple((t["valid_from"], t["target"]) for t in live), use["cost_centre"], use["unit_id"]) + tail
    _, n, c, v = heaps.get(key, (None, 0, Decimal(0), Decimal(0)))
    heaps[key] = (live, n + 1, c + cost, v + vat)

for (rule, _, centre, unit, *tail), (live, records, cost, vat) in heaps.items():
    tail = tuple(tail)
    weights = []
    for t in live:
        to = t["to_cost_centre"] or centre
        weights.append({"to": Decimal(1), "equal": Decimal(1), "key": Decimal(t["share"]), "usage": Decimal(used.get(to, 0) - taken.get((rule, to), 0))}[t["how"]])
    if sum(weights) == 0:
        post((centre, unit, "", "") + tail + ("", "false"), records, cost, vat)
        continue
    for i, (t, c, v) in enumerate(zip(live, split(cost, weights), split(vat, weights))):
        to = t["to_cost_centre"] or centre
        at = t["to_unit"] or (unit if to == centre else "")
        n = records if i == 0 else 0
        if n or c or v:
            post((to, at, t["to_project"], t["to_activity"]) + tail + (rule, "false"), n, c, v)

with open("month/postings.csv", "w") as f:
    print("cost_centre;unit_id;project;activity;kind;service;operator;rule;repay;records;cost;vat", file=f)
    for key in sorted(postings):
        n, c, v = postings[key]
        print(*key, n, c.quantize(MILLIONTH), v.quantize(MILLIONTH), sep=";", file=f)

with open("month/repayments.csv", "w") as f:
    print("holder;records;cost;vat;sum", file=f)
    for holder in sorted(holders):
        n, c, v = holders[holder]
        print(holder, n, c.quantize(MILLIONTH), v.quantize(MILLIONTH), (c + v).quantize(ORE, ROUND_HALF_UP), sep=";", file=f)

assert sum(c for _, c, _ in postings.values()) == sum(Decimal(u["cost"]) for u in uses)
