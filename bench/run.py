#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the echo driver on wsk_emu with an echo server written by hand on epoll, in interleaved rounds.

In each round both servers are measured, one after the other, in turning order; what counts is the ratio within a
round, and of these the median. See README.md for the rows.
"""
import argparse
import json
import os
import signal
import statistics
import subprocess
import sys

# Server and client on which processor. "same": the time of an operation is all the processor time that it costs.
PLACEMENTS = {"same": (0, 0), "split": (0, 1)}

# name, placement, load, what is compared ("rate": more is better, as a part of the base; "time": less is better), gate
ROWS = [
    ("connections, 64 at a time", "same", ["--mode", "conn", "--connections", "64"], "rate", 0.80),
    ("connections, 64 at a time", "split", ["--mode", "conn", "--connections", "64"], "rate", 0.80),
    ("round trip of 64 bytes", "same", ["--mode", "rr", "--connections", "1"], "time", 1.25),
    ("round trip of 64 bytes", "split", ["--mode", "rr", "--connections", "1"], "time", None),
    ("round trips, 64 connections", "same", ["--mode", "rr", "--connections", "64"], "rate", 0.80),
    ("round trips, 64 connections", "split", ["--mode", "rr", "--connections", "64"], "rate", 0.80),
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


def row_run(options, name, placement, load, kind, gate):
    commands = {"base": [os.path.join(options.programs, options.base)],
                "ours": [os.path.join(options.programs, "echo_server"), "--processors", str(options.processors),
                         "--verifier", options.verifier]}
    results = {"base": [], "ours": []}
    for number in range(options.rounds):
        for who in ("base", "ours") if number % 2 == 0 else ("ours", "base"):
            results[who].append(measure(options, commands[who], placement, load))
    key = "per_second" if kind == "rate" else "mean_us"
    ratios = [ours[key] / base[key] for base, ours in zip(results["base"], results["ours"])]
    median = lambda who, what: statistics.median(result[what] for result in results[who])
    ratio = statistics.median(ratios)
    cpu_ratios = [(ours["server_us"] + ours["client_us"]) / (base["server_us"] + base["client_us"])
                  for base, ours in zip(results["base"], results["ours"])]
    row = {"row": name, "placement": placement, "kind": kind, "ratio": ratio, "least": min(ratios), "most": max(ratios),
           "base": median("base", key), "ours": median("ours", key), "server_us_base": median("base", "server_us"),
           "server_us_ours": median("ours", "server_us"), "cpu_ratio": statistics.median(cpu_ratios), "p99_us_base": median("base", "p99_us"),
           "p99_us_ours": median("ours", "p99_us"), "gate": gate}
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
    options = parser.parse_args()
    processors = os.cpu_count() or 1
    failed = False

    if not options.json:
        print("%-35s %-6s %9s %9s %6s  %-12s %-8s %8s %8s %6s" %
              ("", "", "by hand", "wsk_emu", "ratio", "least, most", "gate", "us hand", "us ours", "cpu"))
    for name, placement, load, kind, gate in ROWS:
        if options.only not in name or options.placement not in (None, placement):
            continue
        if max(PLACEMENTS[placement]) >= processors:
            print("%-29s %-6s needs a second processor" % (name, placement), file=sys.stderr)
            continue
        row = row_run(options, name, placement, load, kind, gate)
        failed = failed or not row["passes"]
        if options.json:
            print(json.dumps(row), flush=True)
            continue
        number = "%9.0f %9.0f" if kind == "rate" else "%9.2f %9.2f"
        bound = "" if gate is None else "%s %.2f" % (">=" if kind == "rate" else "<=", gate)
        print(("%-35s %-6s " + number + " %6.3f  %5.2f, %5.2f %-8s %8.2f %8.2f %6.3f%s") %
              (name + (", /s" if kind == "rate" else ", us"), placement, row["base"], row["ours"], row["ratio"],
               row["least"], row["most"], bound, row["server_us_base"], row["server_us_ours"],
               row["cpu_ratio"], "" if row["passes"] else "  missed"), flush=True)
    return 1 if options.gate and failed else 0


if __name__ == "__main__":
    sys.exit(main())
