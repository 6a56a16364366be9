"""A slow link in user space: kernels often come without the queueing discipline that delays packets."""

import collections
import select
import socket
import struct
import threading
import time

ETH_P_ALL = 0x0003
SOL_PACKET, PACKET_VNET_HDR = 263, 15
LARGEST_FRAME_BYTES = 1 << 17  # several segments travel as one frame, and this bound includes their headers
LONGEST_QUEUE_SECONDS = 0.5  # what would wait longer than this is dropped, as in a switch


class Direction:
    """Frames from one interface to another, in order: each occupies the link for its length, then travels."""

    def __init__(self, source, target, bits_per_second, delay_seconds):
        self.source, self.target = source, target
        self.bits_per_second, self.delay_seconds = bits_per_second, delay_seconds
        self.free_at = 0.0
        self.waiting = collections.deque()
        self.carried_bytes = 0

    def take(self):
        frame, address = self.source.recvfrom(LARGEST_FRAME_BYTES)
        now = time.monotonic()
        if address[2] == socket.PACKET_OUTGOING or self.free_at > now + LONGEST_QUEUE_SECONDS:
            return
        self.free_at = max(now, self.free_at) + 8 * len(frame) / self.bits_per_second
        self.waiting.append((self.free_at + self.delay_seconds, frame))

    def deliver(self):
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            frame = self.waiting.popleft()[1]
            try:
                self.target.send(frame)
                self.carried_bytes += len(frame)
            except OSError:  # an interface that is down, or a full queue, loses frames
                pass


class SlowLink(threading.Thread):
    """Takes an interface out of a bridge and joins the two again, slowly, until the context ends."""

    def __init__(self, interface, bridge, ip, bits_per_second, delay_seconds):
        super().__init__(daemon=True)
        self.interface, self.bridge, self.ip = interface, bridge, ip
        self.how = bits_per_second, delay_seconds
        self.ended = threading.Event()

    def __enter__(self):
        self.ip("link", "add", "slow-in", "type", "veth", "peer", "name", "slow-out")
        self.ip("link", "set", "slow-out", "master", self.bridge, "up")
        self.ip("link", "set", "slow-in", "up")
        self.ip("link", "set", self.interface, "nomaster")
        self.sockets = [self.open(name) for name in (self.interface, "slow-in")]
        ours, theirs = self.sockets
        self.directions = [Direction(ours, theirs, *self.how), Direction(theirs, ours, *self.how)]
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()
        for each in self.sockets:
            each.close()
        self.ip("link", "set", self.interface, "master", self.bridge)
        self.ip("link", "del", "slow-in")

    @staticmethod
    def open(interface):
        """Frames come with what the kernel has yet to do about them: checksums, cutting into segments."""
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        opened.setsockopt(SOL_PACKET, PACKET_VNET_HDR, struct.pack("i", 1))
        opened.bind((interface, ETH_P_ALL))
        return opened

    def run(self):
        by_source = {direction.source: direction for direction in self.directions}
        while not self.ended.is_set():
            due = [direction.waiting[0][0] for direction in self.directions if direction.waiting]
            pause = min([0.05, *(moment - time.monotonic() for moment in due)])
            for source in select.select(self.sockets, [], [], max(0.0, pause))[0]:
                by_source[source].take()
            for direction in self.directions:
                direction.deliver()

    def carried_bytes(self):
        """In both directions."""
        return sum(direction.carried_bytes for direction in self.directions)
