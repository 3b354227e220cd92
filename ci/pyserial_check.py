#!/usr/bin/env python3
"""Talks to `hil modem --pty` as a stranger would: with pyserial, knowing only the manual.

Usage: pyserial_check.py PATH_OF_HIL
Ends with 0 when every exchange is as it should be.
"""

import socket
import subprocess
import sys
import threading
import time

import serial

PACKING_TIME = 0.05  # seconds, AT+UARTFT from the factory


def echo_server():
    """A TCP peer that sends back what it gets; returns its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        peer, _ = listener.accept()
        with peer:
            while data := peer.recv(4096):
                peer.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


class Terminal:
    """The firmware's end of the line."""

    def __init__(self, path):
        self.port = serial.Serial(path, 115200, timeout=0.1)

    def expect(self, wanted, within=10.0):
        """Reads until `wanted` has come and returns everything up to it."""
        seen, end = b"", time.monotonic() + within
        while wanted not in seen:
            if time.monotonic() > end:
                sys.exit(f"expected {wanted!r} within {within} s, got {seen!r}")
            seen += self.port.read(256)
        return seen

    def expect_silence(self, seconds):
        end, seen = time.monotonic() + seconds, b""
        while time.monotonic() < end:
            seen += self.port.read(256)
        if seen:
            sys.exit(f"expected silence, got {seen!r}")

    def ask(self, line, answer):
        self.port.write(line)
        seen = self.expect(answer)
        print(f"{line!r} -> {seen!r}")

    def enter_command_mode(self):
        time.sleep(4 * PACKING_TIME)
        self.port.write(b"+++")
        start = time.monotonic()
        self.expect(b"a", within=3.0)
        print(f"+++ -> a after {(time.monotonic() - start) * 1000:.0f} ms")
        self.port.write(b"a")
        self.expect(b"+ok\r\n", within=3.0)
        print("a -> +ok")


def check(terminal):
    terminal.expect(b"WH-LTE-7S1-E", within=15.0)
    print("banner")
    # The modem is deaf for its first seconds; drivers wait or try again.
    time.sleep(3)

    # A byte within one packing interval before the pluses makes them payload.
    terminal.port.write(b"x")
    time.sleep(PACKING_TIME / 10)
    terminal.port.write(b"+++")
    terminal.expect_silence(10 * PACKING_TIME)
    print("x+++ -> payload, no answer")

    terminal.enter_command_mode()
    terminal.ask(b"AT+VER?\r\n", b"\r\nOK\r\n")
    terminal.ask(b"AT+VER?", b"\r\n+CME ERROR:58\r\n")
    terminal.ask(b"AT+NOSUCH\r\n", b"\r\n+CME ERROR:58\r\n")
    terminal.ask(b"AT+WKMOD=NET123\r\n", b"\r\n+CME ERROR:53\r\n")
    deadline = time.monotonic() + 30
    while True:
        terminal.port.write(b"AT+SOCKALK?\r\n")
        if b"+SOCKALK:Connected" in terminal.expect(b"\r\nOK\r\n"):
            break
        if time.monotonic() > deadline:
            sys.exit("socket A did not connect")
        time.sleep(0.5)
    print("socket A connected")
    terminal.ask(b"AT+ENTM\r\n", b"\r\nOK\r\n")
    time.sleep(4 * PACKING_TIME)
    terminal.port.write(b"ping \x00\xff pong")
    terminal.expect(b"ping \x00\xff pong")
    print("echo through the socket")


def main():
    mapping = f"socket.usr.cn=127.0.0.1:{echo_server()}"
    command = [sys.argv[1], "modem", "--pty", "--host", mapping]
    modem = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        path = modem.stdout.readline().removeprefix("pty: ").strip()
        check(Terminal(path))
    finally:
        modem.send_signal(2)
        code = modem.wait(10)
    if code != 0:
        sys.exit(f"hil modem ended with {code}")
    print("1 passed, 0 failed")


main()
