#!/usr/bin/env python3
"""Check the seals of a Linesman log without Linesman.

    python3 check-seals.py DATA [ANCHORS]

DATA is the data directory of a stopped Linesman with the embedded log (or a copy of it),
ANCHORS a file of seals that was kept elsewhere (seal.anchor_file). Only the standard
library is used, and nothing of Linesman's code: the bytes are those that
docs/tamper-evidence.md describes. Slow (some 20,000 records a second), for auditors.
"""
import base64, glob, hashlib, json, os, struct, sys, urllib.parse


def varint(b, i):
    shift = value = 0
    while True:
        value |= (b[i] & 0x7F) << shift
        i += 1
        if b[i - 1] < 0x80:
            return value, i
        shift += 7


def zigzag(b, i):
    v, i = varint(b, i)
    return (v >> 1) ^ -(v & 1), i


def unsnappy(b):
    n, i = varint(b, 0)
    out = bytearray()
    while i < len(b):
        tag = b[i]
        i += 1
        kind, length = tag & 3, (tag >> 2) + 1
        if kind == 0:
            if length > 60:
                more = length - 60
                length = int.from_bytes(b[i:i + more], "little") + 1
                i += more
            out += b[i:i + length]
            i += length
            continue
        if kind == 1:
            length, offset = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | b[i]
            i += 1
        else:
            size = 2 if kind == 2 else 4
            offset = int.from_bytes(b[i:i + size], "little")
            i += size
        for _ in range(length):
            out.append(out[-offset])
    assert len(out) == n
    return bytes(out)


def unpack(b, codec):
    if codec == 0:
        return b
    assert codec == 2, "compression %d: this script knows snappy only" % codec
    if not b.startswith(b"\x82SNAPPY\x00"):
        return unsnappy(b)
    out, i = b"", 16
    while i < len(b):
        (n,) = struct.unpack(">I", b[i:i + 4])
        out += unsnappy(b[i + 4:i + 4 + n])
        i += 4 + n
    return out


def records(folder):
    """Yields (offset, time, key, value, headers) of a partition: Kafka's record batches."""
    files = sorted(glob.glob(os.path.join(glob.escape(folder), "*.dat")), key=lambda f: int(os.path.basename(f)[:-4]))
    for name in files:
        data, at = open(name, "rb").read(), 0
        while at + 61 <= len(data):
            base, size = struct.unpack(">qi", data[at:at + 12])
            batch = data[at:at + 12 + size]
            at += 12 + size
            attributes, _, first_time = struct.unpack(">hiq", batch[21:35])
            (count,) = struct.unpack(">i", batch[57:61])
            b, i = unpack(batch[61:], attributes & 7), 0
            for _ in range(count):
                _, i = zigzag(b, i)
                i += 1
                time, i = zigzag(b, i)
                offset, i = zigzag(b, i)

                def text(i):
                    n, i = zigzag(b, i)
                    return (None, i) if n < 0 else (b[i:i + n], i + n)

                key, i = text(i)
                value, i = text(i)
                n, i = zigzag(b, i)
                headers = []
                for _ in range(n):
                    name_, i = text(i)
                    content, i = text(i)
                    headers.append((name_, content))
                yield base + offset, first_time + time, key, value, headers


def canonical(time, key, value, headers):
    def text(b):
        return b"\xff\xff\xff\xff" if b is None else struct.pack(">I", len(b)) + b

    out = struct.pack(">q", time) + text(key) + text(value) + struct.pack(">I", len(headers))
    for name, content in headers:
        out += text(name) + text(content)
    return out


def seal(message):
    """Decodes the fields of a seal: Protocol Buffers, see docs/linesman.proto."""
    names = {2: "topic", 3: "partition", 4: "first", 5: "next", 6: "chain_before", 7: "chain", 8: "leaves"}
    out, i = {"topic": "", "partition": 0, "first": 0, "next": 0, "leaves": ""}, 0
    while i < len(message):
        tag, i = varint(message, i)
        if tag & 7 == 0:
            value, i = varint(message, i)
        else:
            n, i = varint(message, i)
            value, i = message[i:i + n], i + n
        if tag >> 3 in names:
            out[names[tag >> 3]] = value.decode() if isinstance(value, bytes) else value
    return out


def main(data, anchors=None):
    root = os.path.join(data, "log", "data", "partitions")
    seals = [seal(value) for _, _, _, value, _ in records(os.path.join(root, "linesman.seals-0"))]
    if anchors:
        kept = 0
        for line in open(anchors):
            try:
                seals.append(json.loads(line))
                kept += 1
            except ValueError:
                pass  # an empty line, or one that a crash tore
        if not kept:
            print("%s holds no seal: it was emptied, or it is another file; nothing was compared" % anchors)
            return 2
    bad = 0
    names = set(os.listdir(root)) | {"%s-%d" % (s["topic"], s["partition"]) for s in seals}
    for name in sorted(names):
        topic, _, partition = urllib.parse.unquote(name).rpartition("-")
        mine = [s for s in seals if s["topic"] == topic and s["partition"] == int(partition)]
        chains, leaves, link, next_ = {}, {}, None, None
        starts = {s["first"]: s["chain_before"] for s in mine}
        for offset, time, key, value, headers in records(os.path.join(root, name)):
            if link is None:
                link = bytes(32) if offset == 0 else bytes.fromhex(starts.get(offset, "00" * 32))
                chains[offset], next_ = link.hex(), offset
                if offset:  # Linesman deletes nothing by itself
                    print("%s: records 0 to %d are not there" % (name, offset - 1))
                    bad += 1
            if offset != next_:
                print("%s: records %d to %d are not there" % (name, next_, offset - 1))
                bad += 1
            leaf = hashlib.sha256(canonical(time, key, value, headers)).digest()
            link = hashlib.sha256(link + leaf).digest()
            next_ = offset + 1
            chains[next_], leaves[offset] = link.hex(), leaf[:4]
        for s in sorted(mine, key=lambda s: s["first"]):
            if chains.get(s["first"]) == s["chain_before"] and chains.get(s["next"]) == s["chain"]:
                continue
            bad += 1
            short = base64.b64decode(s["leaves"])
            wrong = [o for o in range(s["first"], s["next"]) if leaves.get(o) != short[4 * (o - s["first"]):][:4]]
            print("%s: the seal of records %d to %d does not fit; first record that is not the sealed one: %s" % (name, s["first"], s["next"] - 1, wrong[0] if wrong else "none"))
            break
        if link:
            print("%s: %d seals, %d records, chain %s" % (name, len(mine), len(leaves), link.hex()))
    print("NOT as sealed" if bad else "as sealed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
