#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the echo driver on wsk_emu with an echo server written by hand on epoll, in interleaved rounds.

In each round both servers are measured, one after the other, in turning order; what counts is the ratio within a
round, and of these the median.

Placement "same": server and client share one processor, and an operation takes what it costs both of them in processor
time. That is what is compared, because it stays the same when other programs run. Placement "split": they have a
processor each, and what is compared is the time on the wall; that needs a quiet machine. See README.md for the rows.
"""
import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

# The processors that we may use, and on which of them server and client run.
PROCESSORS = sorted(os.sched_getaffinity(0))
PLACEMENTS = {"same": (PROCESSORS[0], PROCESSORS[0]), "split": (PROCESSORS[0], PROCESSORS[-1])}

# name, placement, load, what is compared ("rate": more is better, as a part of the base; "time": less is better), gate.
# The first row of 64 connections has no gate: the scheduler lets each message interrupt the dearer of the two programs.
ROWS = [
    ("connections, 64 at a time", "same", ["--mode", "conn", "--connections", "64"], "rate", 0.80),
    ("connections, 64 at a time", "split", ["--mode", "conn", "--connections", "64"], "rate", 0.80),
    ("round trip of 64 bytes", "same", ["--mode", "rr", "--connections", "1"], "time", 1.25),
    ("round trip of 64 bytes", "split", ["--mode", "rr", "--connections", "1"], "time", None),
    ("round trips, 64 connections", "same", ["--mode", "rr", "--connections", "64"], "rate", None),
    ("round trips, 64 connections", "split", ["--mode", "rr", "--connections", "64"], "rate", 0.70),
]

# name, load, how many system calls an operation may need
CALLS = [
    ("connection", ["--mode", "conn", "--connections", "1"], 8.5),
    ("round trip of 64 bytes", ["--mode", "rr", "--connections", "1"], 3.05),
]


class Server:
    """A server program while it runs: it prints "READY <port>" and ends on SIGTERM."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        words = self.process.stdout.readline().split()
        if len(words) != 2 or words[0] != "READY":
            self.end()
            sys.exit("the server did not start")
        self.port = words[1]
        return self

    def __exit__(self, *exception):
        self.end()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            sys.exit("the server did not end")
        finally:
            self.process.stdout.close()


def measure(options, command, placement, load):
    server_cpu, client_cpu = PLACEMENTS[placement]
    with Server(command + ["--cpu", str(server_cpu)]) as server:
        result = subprocess.run(
            [os.path.join(options.programs, "loadgen"), "--port", server.port, "--cpu", str(client_cpu),
             "--server-pid", str(server.process.pid), "--milliseconds", str(options.milliseconds),
             "--warmup-ms", str(options.warmup_ms)] + load,
            stdout=subprocess.PIPE, text=True, timeout=150)
    # After a signal the hand-written server ends with it; ours unloads its driver and says whether all was well.
    if result.returncode != 0 or server.process.returncode not in (0, -signal.SIGTERM):
        sys.exit("failed: %s, server %s, load generator %s" %
                 (os.path.basename(command[0]), server.process.returncode, result.returncode))
    return json.loads(result.stdout)


def calls_count(options, command, load, count):
    """All system calls of a server, from its start to its end, for so many operations."""
    with tempfile.NamedTemporaryFile("r") as summary:
        # The tracer goes into the background (-D), so that the signal that ends the server reaches the server.
        with Server(["strace", "-D", "-f", "-c", "-o", summary.name] + command) as server:
            subprocess.run([os.path.join(options.programs, "loadgen"), "--port", server.port, "--count", str(count)] + load,
                           stdout=subprocess.DEVNULL, check=True, timeout=150)
        for attempt in range(100):  # the tracer writes after the server has ended
            for line in open(summary.name):
                words = line.split()
                if words and words[-1] == "total":
                    return int(words[3])
            time.sleep(0.05)
    sys.exit("failed: strace has counted nothing")


def calls_run(options):
    """A table of system calls for each operation: what more operations need more. False when a gate was missed."""
    passes = True
    print("%-35s %9s %9s  %s" % ("system calls", "by hand", "wsk_emu", "gate"))
    for name, load, gate in CALLS:
        each = [(calls_count(options, command, load, 1500) - calls_count(options, command, load, 500)) / 1000
                for command in (commands_of(options)["base"], commands_of(options)["ours"])]
        passes = passes and each[1] <= gate
        print("%-35s %9.2f %9.2f  <= %.2f%s" % (name, each[0], each[1], gate, "" if each[1] <= gate else "  missed"))
    return passes


def commands_of(options):
    return {"base": [os.path.join(options.programs, options.base)],
            "ours": [os.path.join(options.programs, "echo_server"), "--processors", str(options.processors),
                     "--verifier", options.verifier]}


def row_run(options, name, placement, load, kind, gate):
    commands = commands_of(options)
    results = {"base": [], "ours": []}
    for number in range(options.rounds):
        for who in ("base", "ours") if number % 2 == 0 else ("ours", "base"):
            results[who].append(measure(options, commands[who], placement, load))
    wall_key = "per_second" if kind == "rate" else "mean_us"
    for result in results["base"] + results["ours"]:
        cpu_us = result["server_us"] + result["client_us"]
        result["value"] = result[wall_key] if placement == "split" else 1e6 / cpu_us if kind == "rate" else cpu_us

    def median(who, what):
        return statistics.median(result[what] for result in results[who])

    def ratios_of(what):
        return [ours[what] / base[what] for base, ours in zip(results["base"], results["ours"])]

    ratio = statistics.median(ratios_of("value"))
    row = {"row": name, "placement": placement, "kind": kind, "ratio": ratio, "least": min(ratios_of("value")),
           "most": max(ratios_of("value")), "gate": gate, "wall_ratio": statistics.median(ratios_of(wall_key))}
    for who in ("base", "ours"):
        row[who] = median(who, "value")
        for what in ("per_second", "mean_us", "p50_us", "p99_us", "server_us", "client_us"):
            row[what + "_" + who] = median(who, what)
    row["passes"] = gate is None or (ratio >= gate if kind == "rate" else ratio <= gate)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", required=True, help="the folder with echo_server, raw_epoll and loadgen")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--milliseconds", type=int, default=500)
    parser.add_argument("--warmup-ms", type=int, default=120)
    parser.add_argument("--placement", choices=sorted(PLACEMENTS), help="only this one")
    parser.add_argument("--only", default="", help="only rows whose name contains this")
    parser.add_argument("--processors", type=int, default=1, help="virtual processors of the emulated kernel")
    parser.add_argument("--verifier", choices=["on", "off"], default="on")
    parser.add_argument("--base", default="raw_epoll", help="another program in the same folder; itself for an A/A test")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each row instead of the table")
    parser.add_argument("--gate", action="store_true", help="fail when a row misses its gate")
    parser.add_argument("--calls", action="store_true", help="count system calls with strace instead of measuring time")
    options = parser.parse_args()
    failed = False

    if options.calls:
        return 1 if not calls_run(options) and options.gate else 0
    if not options.json:
        print("%-35s %-6s %9s %9s %6s  %-12s %-8s %8s %8s" %
              ("", "", "by hand", "wsk_emu", "ratio", "least, most", "gate", "us hand", "us ours"))
    for name, placement, load, kind, gate in ROWS:
        if options.only not in name or options.placement not in (None, placement):
            continue
        if placement == "split" and len(PROCESSORS) < 2:
            print("%-29s %-6s needs a second processor" % (name, placement), file=sys.stderr)
            continue
        row = row_run(options, name, placement, load, kind, gate)
        failed = failed or not row["passes"]
        if options.json:
            print(json.dumps(row), flush=True)
            continue
        number = "%9.0f %9.0f" if kind == "rate" else "%9.2f %9.2f"
        bound = "" if gate is None else "%s %.2f" % (">=" if kind == "rate" else "<=", gate)
        print(("%-35s %-6s " + number + " %6.3f  %5.2f, %5.2f %-8s %8.2f %8.2f%s") %
              (name + (", /s" if kind == "rate" else ", us"), placement, row["base"], row["ours"], row["ratio"],
               row["least"], row["most"], bound, row["server_us_base"], row["server_us_ours"],
               "" if row["passes"] else "  missed"), flush=True)
    return 1 if options.gate and failed else 0


if __name__ == "__main__":
    sys.exit(main())
