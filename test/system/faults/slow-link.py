"""Joins two TUN devices by a link on which packets take time. usage: slow-link.py NAME NAME DELAY_MS

Devices need an ioctl, which Node does not have. They are made in the network namespace of this process and may be moved to
others while it runs. Prints `ready`, and ends when its standard input does.
"""
import collections
import fcntl
import os
import selectors
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
# More than a path of 1 Gbit/s and 100 ms holds in packets of this size; what is beyond is lost, as in a router.
MAX_WAITING = 10_000


def open_tun(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


def read_packets(device, due, waiting):
    while True:
        try:
            packet = os.read(device, 65536)
        except BlockingIOError:
            return
        except OSError:
            return  # The device is down: its packets are nobody's.
        if len(waiting) < MAX_WAITING:
            waiting.append((due, packet))


def write_due(device, now, waiting):
    while waiting and waiting[0][0] <= now:
        try:
            os.write(device, waiting.popleft()[1])
        except OSError:
            pass  # The device is down, or full: the packet is lost.


def main():
    ends = [open_tun(name) for name in sys.argv[1:3]]
    delay = float(sys.argv[3]) / 1000
    waiting = {ends[0]: collections.deque(), ends[1]: collections.deque()}
    other = {ends[0]: ends[1], ends[1]: ends[0]}
    selector = selectors.DefaultSelector()
    for end in ends:
        selector.register(end, selectors.EVENT_READ)
    selector.register(sys.stdin, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        dues = [queue[0][0] for queue in waiting.values() if queue]
        timeout = max(0, min(dues) - time.monotonic()) if dues else None
        for key, _ in selector.select(timeout):
            if key.fileobj is sys.stdin:
                return
            read_packets(key.fd, time.monotonic() + delay, waiting[other[key.fd]])
        for end in ends:
            write_due(end, time.monotonic(), waiting[end])


main()
